"""Tasks that are wrong are found out, on real machines; one that is right is proved."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from made_tasks import SOLVED, make_task

from claudebox_rl.checking import Finding, Play, check_tasks, choose_players, find, players_of
from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox.journal import records
from claudebox_rl.tasks import Task

PAYS = 'echo 1.0 > "$LOGS/reward.txt"'


async def check(task: Task, sandbox: str, players: Sequence[str]) -> tuple[list[Play], list[Finding]]:
    told: list[Play] = []
    chosen = choose_players(players_of(task), players)
    plays = await check_tasks([(task, chosen)], SandboxConfig(sandbox), told.append)
    assert len(plays) == len(chosen)
    assert sorted(map(id, told)) == sorted(map(id, plays))
    return plays, find(plays)


async def test_a_task_that_is_right_is_proved(local_sandbox: str, tmp_path: Path):
    wanted = ["solution", "random", "forged-reward", "locked-reward", "replaced-programs", "links-out", "linked-logs"]
    plays, findings = await check(make_task(tmp_path / "right"), local_sandbox, wanted)
    assert findings == []
    assert [play.reward for play in plays if play.role == "solution"] == [1.0, 1.0, 1.0]
    assert {play.reward for play in plays if play.role != "solution"} == {0.0}


async def test_a_verifier_that_always_pays_is_found_by_everybody(local_sandbox: str, tmp_path: Path):
    plays, findings = await check(make_task(tmp_path / "pays", PAYS), local_sandbox, ["solution", "random"])
    assert [(one.player, one.problem) for one in findings] == [("nothing", "doing nothing earns 1 instead of 0.0")]
    assert all(play.reward == 1.0 for play in plays)
    assert "part of the reward is paid for what the task itself gives" in findings[0].advice


async def test_a_solution_that_is_right_now_and_then_is_flaky(local_sandbox: str, tmp_path: Path):
    task = make_task(
        tmp_path / "flaky", solution="(( $(date +%s%N | tail -c 5 | head -c 2) % 2 )) || echo right > answer.txt"
    )
    chosen = choose_players(players_of(task, 16), ["solution"])
    findings = find(await check_tasks([(task, chosen)], SandboxConfig(local_sandbox), lambda play: None))
    assert [one.player for one in findings] == ["solution"]
    assert "judged differently each time" in findings[0].advice


@pytest.mark.parametrize(
    ("solution", "words"), [("exit 3", "exit code 3"), (None, "solve.sh"), ("echo wrong > answer.txt", "earns 0, 0, 0")]
)
async def test_a_task_without_a_right_solution(local_sandbox: str, tmp_path: Path, solution: str | None, words: str):
    _, findings = await check(make_task(tmp_path / "unsolved", solution=solution), local_sandbox, ["solution"])
    assert [one.player for one in findings] == ["solution"]
    assert words in findings[0].problem


async def test_a_solution_that_fails_after_its_work_is_told(local_sandbox: str, tmp_path: Path):
    task = make_task(tmp_path / "task", solution="echo right > answer.txt; echo oh; exit 4")
    _, findings = await check(task, local_sandbox, ["solution"])
    assert "earns 1.0 but fails: solve.sh ended with exit code 4; it printed: oh" in findings[0].problem


async def test_nothing_must_get_a_verdict(local_sandbox: str, tmp_path: Path):
    task = make_task(tmp_path / "silent", '[ -e answer.txt ] && echo 1.0 > "$LOGS/reward.txt"; true')
    _, findings = await check(task, local_sandbox, ["solution"])
    assert [one.player for one in findings] == ["nothing"]
    assert "wrote neither" in findings[0].problem


async def test_what_is_paid_for_a_file_that_exists_is_found_by_cheats(local_sandbox: str, tmp_path: Path):
    lax = '[ -s answer.txt ] && echo 1.0 > "$LOGS/reward.txt" || echo 0.0 > "$LOGS/reward.txt"'
    _, findings = await check(make_task(tmp_path / "lax", lax), local_sandbox, ["copied-examples"])
    assert [one.problem for one in findings] == ["copied-examples earns 1, doing nothing 0"]
    assert "cheats/copied-examples.sh" in findings[0].advice


async def test_a_task_brings_cheats_of_its_own(local_sandbox: str, tmp_path: Path):
    cheats = {
        "gains": "# Writes the word.\necho right > answer.txt\n",
        "fails": "# Does not run through.\nfalse\n",
        "tries-nothing": "# Has nothing to try.\nskip no lever\n",
    }
    plays, findings = await check(make_task(tmp_path / "own", cheats=cheats), local_sandbox, ["own:*"])
    assert {one.player: one.problem.partition(":")[0] for one in findings} == {"own:gains": "own", "own:fails": "own"}
    skipped = next(play for play in plays if play.player == "own:tries-nothing")
    assert (skipped.skipped, skipped.reward, skipped.why) == (True, None, "nothing to try: no lever")


async def test_a_cheat_whose_verdict_is_none_gains_nothing(local_sandbox: str, tmp_path: Path):
    breaks = f"[ -e stop ] && exit\n{SOLVED}"
    cheats = {"stops": "# Stops the verifier.\ntouch stop\n"}
    plays, findings = await check(make_task(tmp_path / "stops", breaks, cheats=cheats), local_sandbox, ["own:*"])
    assert findings == []
    assert plays[-1].reward is None
    assert plays[-1].why.startswith("no verdict: ")


async def test_cheats_do_not_play_with_this_host(tmp_path: Path):
    task = make_task(tmp_path / "task")
    with pytest.raises(ConfigError, match="isolates nothing"):
        await check_tasks([(task, players_of(task))], SandboxConfig("unsafe"), print)


async def test_a_cancellation_ends_all_machines(local_sandbox: str, tmp_path: Path):
    task = make_task(tmp_path / "slow", solution="sleep 60")
    plan = [(task, players_of(task, 4)[:4])]
    checking = asyncio.create_task(check_tasks(plan, SandboxConfig(local_sandbox), print))
    await asyncio.sleep(1.0)
    assert records()
    checking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await checking
    assert not records()
