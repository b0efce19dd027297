"""`claudebox-rl tasks check`: prove tasks by playing them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from claudebox_rl.checking import (
    Play,
    Role,
    check_patterns,
    choose_players,
    find,
    players_of,
    sample_cheats,
)
from claudebox_rl.cli.console import make_console
from claudebox_rl.cli.tasks.check_table import players_table, tasks_table
from claudebox_rl.cli.tasks.chosen import chosen_tasks
from claudebox_rl.cli.tasks.progress import play_all
from claudebox_rl.cli.untrusted import printable
from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import ConfigError


def check(
    selector: Sequence[str],
    *,
    players: Sequence[str],
    repeat: int,
    sample: int | None,
    sandbox: SandboxConfig,
    as_json: bool,
) -> int:
    """Play, print tables and findings, and return the exit code: 1 where something is wrong with a task.

    Raises:
        ConfigError: A number or a player's name can't be, or the sandbox does not isolate.
        TaskError: A task is unknown or malformed, or can't be played.
        SandboxStartError: No machine can be had.
    """
    for name, number in (("repeat", repeat), ("sample", sample)):
        if number is not None and number < 1:
            raise ConfigError(f"--{name} must be at least 1, not {number}", field=name)
    tasks, not_played = chosen_tasks(selector, sandbox)
    check_patterns(tasks, players)
    plan = [(task, choose_players(players_of(task, repeat), players)) for task in tasks]
    if sample is not None:
        day = datetime.now(UTC).date().isoformat()
        plan = [(task, sample_cheats(everybody, sample, f"{task.task_id} {day}")) for task, everybody in plan]
        print(f"a sample: {sample} of the shipped cheats on each task, drawn by the day {day}", file=sys.stderr)  # noqa: T201
    started = time.monotonic()
    plays = play_all(plan, sandbox)
    elapsed_s = time.monotonic() - started
    if as_json:
        print(json.dumps(_document(plays, not_played, elapsed_s), indent=1))  # noqa: T201  # the console would fold it
    else:
        _print(plays, elapsed_s, console=make_console())
        if not_played:
            print(f"not played, as they can't be here: {', '.join(not_played)}")  # noqa: T201  # as what was played
    return int(bool(find(plays)))


def _print(plays: Sequence[Play], elapsed_s: float, *, console: Console) -> None:
    findings = find(plays)
    console.print(players_table(plays, findings), "", tasks_table(plays, findings), sep="\n")
    for finding in findings:
        console.print(Text(f"\n{finding.task_id}: {printable(finding.problem)}", style="red"))
        console.print(Text(f"  {finding.advice}"))
        if finding.output:
            console.print(Text("  the verifier printed:", style="dim"))
            console.print(Text("\n".join(f"  | {line}" for line in printable(finding.output).splitlines()[-8:])))
    for line in _without_verdict(plays):
        console.print(Text(line, style="dim"), soft_wrap=True)
    num_tasks = len({play.task_id for play in plays})
    wrong = len({finding.task_id for finding in findings})
    words = "all proved" if not wrong else f"{wrong} with something wrong"
    rate = num_tasks / elapsed_s * 60
    console.print(
        Text(f"\n{num_tasks} tasks, {len(plays)} plays: {words}; {elapsed_s:.0f} s, {rate:.0f} tasks a minute")
    )


def _without_verdict(plays: Sequence[Play]) -> Iterator[str]:
    """Lines on cheats that kept the verifier from its verdict: no gain, but an episode that counts for nothing."""
    lost = [play for play in plays if play.role is Role.CHEAT and play.reward is None and not play.skipped]
    if lost:
        yield "\nno verdict, and so no gain:"
    for player in dict.fromkeys(play.player for play in lost):
        own = [play.task_id for play in lost if play.player == player]
        yield f"  {player}: {', '.join(own[:3])}{f' and {len(own) - 3} more' if len(own) > 3 else ''}"


def _document(plays: Sequence[Play], not_played: Mapping[str, str], elapsed_s: float) -> dict[str, object]:
    return {
        "plays": [asdict(play) for play in plays],
        "findings": [asdict(finding) for finding in find(plays)],
        "not_played": dict(not_played),
        "elapsed_s": elapsed_s,
    }
