"""Whatever an agent leaves gets a verdict: by no state could it leave its group instead of failing in it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import VerifierError
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.sandbox.spec import ExecResult
from claudebox_rl.session.final_state import capture, listing
from claudebox_rl.tasks import Task, load_task
from claudebox_rl.types import VerifierResult

SOLVE = "echo 42 > answer\n"
TEST = """
find . -mindepth 1 -printf '%P\\n' | head -n 20
if [ "$(cat answer)" = 42 ]; then reward=1; else reward=0; fi
echo $reward > "$CLAUDEBOX_ROOT/logs/verifier/reward.txt"
"""
MakeTask = Callable[..., Task]
MODES = ("clean_room", "in_place")


@pytest.fixture
def make_task(tmp_path: Path) -> MakeTask:
    def make(mode: str = "clean_room", test: str = TEST, workdir: str = "/workspace") -> Task:
        for name, text in {
            "instruction.md": "Do it.",
            "task.toml": f'[environment]\nworkdir = "{workdir}"\nnetwork_mode = "no-network"\n'
            f'[metadata.claudebox]\nverification = "{mode}"\n',
            "tests/test.sh": test,
            "environment/answer": "0\n",
            "environment/kept/deep": "1\n",
            "environment/tests/test_it.py": "original\n",
        }.items():
            path = tmp_path / "task" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return load_task(tmp_path / "task")

    return make


async def verdict_after(task: Task, script: str) -> VerifierResult:
    async with ClaudeBox(task, agent="nop", sandbox="local", enable_logging=False) as box:
        done = await box.sandbox.exec(["bash", "-ec", script], cwd=task.workdir, timeout_s=120)
        assert done.exit_code == 0, done.stderr.decode()
        return await box.verify()


NEST = """python3 - <<'END'
import os
for _ in range({depth}):
    os.mkdir("{name}")
    os.chdir("{name}")
open("file", "w").close()
END"""
ODD = {
    "a file that is shut": ("echo 1 > new; chmod 000 new", 1),
    "a folder that is shut": ("mkdir new; echo 1 > new/x; chmod 000 new", 1),
    "the task's folders that are shut": ("chmod 000 kept tests", 2),
    "the working directory, shut": ("chmod 000 .", 0),
    "the working directory, entered but not listed": ("chmod 300 .", 0),
    "fifos, also in the place of a file": ("mkfifo new; rm kept/deep; mkfifo kept/deep", 2),
    "a socket": ("""python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("new")'""", 1),
    "a file of 100 MB": ("head -c 100000000 /dev/urandom > new", 0),
    "a file that is too large": ("truncate -s 300M new", 1),
    "20,000 files": ("mkdir new; cd new; seq 20000 | xargs touch", 0),
    "more names than are listed": ("mkdir new; cd new; seq -f %0200g 90000 | xargs touch", 1),
    "newlines and bytes that are no UTF-8": (r"""echo 1 > $'a\nb'; mkdir $'\377'; ln -s $'\377\n' $'\377/\n'""", 0),
    "links in circles": ("ln -s . here; ln -s .. kept/up; ln -s self self; ln -s / all", 0),
    "deeper than a path is long": (NEST.format(depth=1000, name="folders"), 1),
    "deep, by short names": (NEST.format(depth=2500, name="d"), 1),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_state_is_judged(local_sandbox: str, make_task: MakeTask, mode: str, odd: str) -> None:
    script, least_left_out = ODD[odd]
    task = make_task(mode)
    right = await verdict_after(task, SOLVE + script)
    assert right.reward == 1.0, "what could be carried is right"
    assert (right.num_left_out > 0) == (mode == "clean_room" and least_left_out > 0)
    assert right.num_left_out >= least_left_out or mode == "in_place"
    assert (await verdict_after(task, script)).reward == 0.0


HIDES = {
    "shut": "chmod 000 answer",
    "a fifo": "rm answer; mkfifo answer",
    "too large": "truncate -s 300M answer",
    "removed": "rm answer",
    "a folder": "rm answer; mkdir -m 000 answer",
}
UNTOUCHED = """
[ "$(timeout 5 head -c 10 answer)" = 0 ] && [ -f answer ] && reward=1 || reward=0
echo $reward > /logs/verifier/reward.txt
"""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", HIDES)
async def test_what_was_spoiled_is_not_as_it_was_for_being_hidden(
    local_sandbox: str, make_task: MakeTask, mode: str, how: str
) -> None:
    """The task's own file does not come back in the room in the place of what can't be carried."""
    task = make_task(mode, UNTOUCHED)
    assert (await verdict_after(task, "true")).reward == 1.0
    assert (await verdict_after(task, f"echo spoiled > answer; {HIDES[how]}")).reward == 0.0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("script", "reward"),
    [
        ("cd ..; rm -r sub", 0.0),
        ("cd ..; mv sub other; ln -s other sub", 1.0),
        ("cd ..; mv sub other; ln -s nowhere sub", 0.0),
        ("cd ..; rm -r sub; ln -s sub sub", 0.0),
        ("cd ..; rm -r sub; echo 42 > sub", 0.0),
        ("cd ..; rm -r sub; mkfifo sub", 0.0),
        ("cd ..; chmod 000 sub .", 1.0),
        ("cd ..; rm -r sub; ln -s / sub", 0.0),
    ],
)
async def test_a_working_directory_that_is_no_longer_one(
    local_sandbox: str, make_task: MakeTask, mode: str, script: str, reward: float
) -> None:
    task = make_task(mode, workdir="/workspace/sub")
    assert (await verdict_after(task, SOLVE + script)).reward == reward


async def test_the_tasks_tests_can_be_read_in_the_room_though_the_agent_shut_them(
    local_sandbox: str, make_task: MakeTask
) -> None:
    task = make_task(test="cat tests/test_it.py; echo 0 > /logs/verifier/reward.txt")
    for script in ("chmod 000 tests", "rm -r tests; mkfifo tests", "chmod 000 tests/test_it.py"):
        assert (await verdict_after(task, script)).output == "original\n"


async def test_the_tasks_own_files_come_before_a_flood(
    local_sandbox: str, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(capture, "MOST_FILES", 30)
    monkeypatch.setattr(listing, "LISTING_CAP_BYTES", 2_000)
    flood = "rm -r kept; mkdir -p aaa zzz; for folder in aaa zzz; do (cd $folder; seq 100 | xargs touch); done"
    with caplog.at_level(logging.WARNING):
        verdict = await verdict_after(make_task(), f"{SOLVE}{flood}")
    assert verdict.reward == 1.0
    assert "kept" not in verdict.output, "what the task had is known to be gone"
    assert "not judged whole: ." in caplog.text


@pytest.mark.parametrize("told", ["f|mode|1|1|1 1|%p", "f|644|1|1|1 1|../%p", None])
async def test_what_cannot_be_listed_any_more_is_not_there(
    local_sandbox: str, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch, told: str | None
) -> None:
    """The machine tells what is no listing, or has no `find` any more."""
    run = LocalSandbox.exec

    async def without_find(self: LocalSandbox, argv: Sequence[str], **settings: Any) -> ExecResult:
        program = "gone" if argv[0] == "find" else argv[0]
        return await run(self, [program, *argv[1:]], **settings)

    async with ClaudeBox(make_task(), agent="nop", sandbox="local", enable_logging=False) as box:
        await box.sandbox.exec(["sh", "-c", SOLVE])
        if told is None:
            monkeypatch.setattr(LocalSandbox, "exec", without_find)
        else:
            monkeypatch.setattr(listing, "_FIELDS", told)
        verdict = await box.verify()
    assert (verdict.reward, verdict.num_left_out) == (0.0, 1)
    assert "answer" not in verdict.output.splitlines()


async def test_a_machine_that_is_too_slow_gives_no_verdict(
    local_sandbox: str, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ClaudeBox(make_task(), agent="nop", sandbox="local", enable_logging=False) as box:
        monkeypatch.setattr(listing, "TIMEOUT_S", 1e-6)
        with pytest.raises(VerifierError, match="took too long"):
            await box.verify()
