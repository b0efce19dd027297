"""The live display, on a recorded terminal of a fixed width."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from claudebox_rl.cli.rollout.closing import print_closing
from claudebox_rl.cli.rollout.lines import EpisodeLines
from claudebox_rl.cli.rollout.live import LiveDisplay
from claudebox_rl.playing.account import RunAccount
from claudebox_rl.playing.fanout import Fanout
from claudebox_rl.types import Episode, EpisodeRequest, Flight, Outcome, Stage, Usage


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def request(name: str, task_id: str) -> EpisodeRequest:
    return EpisodeRequest(task_id=task_id, episode_id=name, run_id="r")


def episode(name: str, task_id: str, outcome: Outcome = Outcome.COMPLETED, **values: object) -> Episode:
    return Episode(
        episode_id=name,
        run_id="r",
        task_id=task_id,
        outcome=outcome,
        episode_return=1.0 if outcome.valid_for_training else None,
        num_steps=2,
        num_turns=7,
        usage=Usage(12_000, 340),
        cost_usd=0.25,
        started_at=100.0,
        ended_at=160.0,
        **values,
    )


BROKEN = {"error_type": "SandboxError", "error_message": "no \x1b[2Jmachine\nat all"}


def account_in_mid_run() -> RunAccount:
    clock = Clock()
    account = RunAccount(12, clock)
    account.began(request("a", "quick/fix-bug"))
    account.began(request("b", "quick/parse\x1b[31m-log"))
    account.began(request("c", "quick/fix-bug"))
    clock.now = 60.0
    account.ended(episode("a", "quick/fix-bug"), again=False)
    account.ended(episode("c", "quick/fix-bug", Outcome.INFRA_ERROR, **BROKEN), again=False)
    account.began(request("d", "quick/fix-bug"))
    clock.now = 80.0
    return account


def console(width: int = 100, *, is_terminal: bool = True) -> Console:
    return Console(width=width, record=True, force_terminal=is_terminal, file=io.StringIO())


def rendered(account: RunAccount, width: int) -> list[str]:
    screen = console(width)
    screen.print(LiveDisplay(screen, account).render())
    return [line.rstrip() for line in screen.export_text().splitlines()]


def test_the_display() -> None:
    assert rendered(account_in_mid_run(), 110) == [
        "━━━━━╺━━━━━━━━━━━━━━━━━━━━━━━━  2/12 episodes  2 running  1 failed  0:01:20  1.5/min  7 min left",
        "mean return 1.000 (50% valid)  24.0k tokens in, 680 out  $0.5000",
        "playing   2  parse-log 80 s, fix-bug 20 s",
    ]


def test_what_is_played_is_shown_by_stage() -> None:
    account = account_in_mid_run()
    for index in range(9):
        account.began(request(f"x-{index}", f"quick/task-{index}"))
    stages = {"b": Stage.VERIFY, **{f"x-{index}": Stage.AGENT for index in range(8)}, "x-8": Stage.QUEUED}
    account.beat([Flight(name, None, stage, 300.0 + place) for place, (name, stage) in enumerate(stages.items())])
    assert rendered(account, 110)[1:] == [
        "mean return 1.000 (50% valid)  24.0k tokens in, 680 out  $0.5000  9 machines",
        "playing   1  fix-bug 20 s",
        "queued    1  task-8 5 min",
        "agent     8  task-7 5 min, task-6 5 min, task-5 5 min, task-4 5 min, task-3 5 min, task-2 5 min, ...",
        "verify    1  parse-log 5 min",
    ]


def test_a_narrow_terminal_cuts_lines_and_wraps_none() -> None:
    lines = rendered(account_in_mid_run(), 60)
    assert len(lines) == 3
    assert all(len(line) <= 60 for line in lines)


def test_a_run_that_has_not_begun() -> None:
    assert rendered(RunAccount(3, Clock()), 80) == [
        "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  0/3 episodes  0 running  0 failed  0:00:00",
        "mean return -  0 tokens in, 0 out  $0.00",
    ]


def test_lines_go_above_a_running_display() -> None:
    screen = console()
    account = account_in_mid_run()
    listener = Fanout(account, EpisodeLines(screen, account, only_errors=True))
    with LiveDisplay(screen, account):
        listener.began(request("e", "quick/fix-bug"))
        listener.ended(episode("e", "quick/fix-bug"), again=False)
        listener.ended(episode("d", "quick/fix-bug", Outcome.INFRA_ERROR, **BROKEN), again=True)
    text = screen.export_text()
    assert (
        "[3/12] quick/fix-bug  infra_error  return -  2 steps  7 turns  60.0 s  SandboxError: no machine at all" in text
    )
    assert "(again)" in text
    assert "completed" not in text
    assert "\x1b" not in text


def test_without_a_terminal_each_episode_is_a_line() -> None:
    pipe = console(is_terminal=False)
    account = RunAccount(2)
    listener = Fanout(account, EpisodeLines(pipe, account))
    for name in ("a", "b"):
        listener.began(request(name, "quick/fix-bug"))
        listener.ended(episode(name, "quick/fix-bug"), again=False)
    assert pipe.export_text().splitlines() == [
        "[1/2] quick/fix-bug  completed  return 1.00  2 steps  7 turns  60.0 s",
        "[2/2] quick/fix-bug  completed  return 1.00  2 steps  7 turns  60.0 s",
    ]


def test_the_closing_table_has_a_row_a_task_and_the_first_failures() -> None:
    screen = console(120, is_terminal=False)
    account = RunAccount(40)
    for index in range(30):
        account.ended(episode(f"x-{index}", "quick/fix-bug", Outcome.INFRA_ERROR, **BROKEN), again=False)
    account.ended(episode("y", "quick/parse-log"), again=False)
    print_closing(screen, account, Path("/data"))
    lines = [" ".join(line.split()) for line in screen.export_text().splitlines()]
    assert lines[1:4] == [
        "quick/fix-bug 30 0 30 - 210 360.0k 10.2k 7.50 60.0",
        "quick/parse-log 1 1 0 1.00 7 12.0k 340 0.2500 60.0",
        "all 31 1 30 1.00 217 372.0k 10.5k 7.75 60.0",
    ]
    assert sum(line.startswith("x-") for line in lines) == 20
    assert "and 10 more: claudebox-rl show /data" in lines
    assert lines[-1].endswith("30 failed; look closer: claudebox-rl show /data")
