"""Final states, taken from a real machine whose agent does its worst, and put into another one."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from claudebox_rl.errors import SandboxUnavailableError, TrajectoryError
from claudebox_rl.sandbox import Sandbox, sandbox_class
from claudebox_rl.session.final_state import capture
from claudebox_rl.session.final_state.capture import Base, begin_state, stored_form, take_snapshot
from claudebox_rl.session.final_state.put import put
from claudebox_rl.session.final_state.restore import stored_state
from claudebox_rl.session.machine import prepare_workdir
from claudebox_rl.tasks import Task, load_task
from claudebox_rl.testing.fake_sandbox import FakeSandbox
from claudebox_rl.workspace_types import WorkspaceState

RESTORABLE = r"""
ln -s /etc/passwd out; ln -s / root; ln -s old.txt "$(printf 'l\303\274\377')"
echo hi > "a b"; printf 'x' > "$(printf 'new\nline')"; printf 'y' > "$(printf 'bad\377name')"; echo q > 'quo"te\'
rm gone.txt gone.bin; echo more >> old.txt; chmod 750 tool.sh
head -c 300000 /dev/zero > zeros; mkdir -p d/e; mkdir x; ln -s x y; chmod 700 x; : > empty; printf '\r\n\f' > crlf
printf 'no newline' > n; chmod 4755 n; ln n hard; mkdir ro; echo 1 > ro/f; chmod 555 ro
mkdir -p .git/objects; echo ref > .git/HEAD; ln -s HEAD .git/link; mkdir __pycache__; echo x > __pycache__/x
printf '\0new' > data.bin
"""
RETYPED = """
rm link; mkdir link; echo 1 > link/in; rm -r folder; echo 2 > folder
"""


@pytest.fixture
def task(tmp_path: Path) -> Task:
    folder = tmp_path / "task"
    for name, text in {
        "instruction.md": "Do it.",
        "task.toml": 'version = "1.0"\n[environment]\nworkdir = "/workspace"\n',
        "tests/test.sh": "echo 1 > ${CLAUDEBOX_ROOT:-}/logs/verifier/reward.txt",
        "environment/old.txt": "".join(f"line {i}\n" for i in range(50)),
        "environment/gone.txt": "bye\n",
        "environment/tool.sh": "#!/bin/sh\n",
        "environment/folder/below": "1",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "environment/gone.bin").write_bytes(b"\0\xff")
    (folder / "environment/data.bin").write_bytes(b"\0old")
    (folder / "environment/link").symlink_to("old.txt")
    return load_task(folder)


@pytest.fixture
async def machines(local_sandbox: str, task: Task) -> AsyncIterator[tuple[Sandbox, Sandbox]]:
    kind = sandbox_class(local_sandbox)
    async with kind() as one, kind() as other:
        await prepare_workdir(one, task)
        await prepare_workdir(other, task)
        yield one, other


async def final_state(sandbox: Sandbox, base: Base | None) -> WorkspaceState | None:
    assert base is not None
    return await stored_form(await take_snapshot(sandbox, base))


async def restore_state(sandbox: Sandbox, task: Task, state: WorkspaceState) -> None:
    gone, members = await stored_state(task, state.diff, state.files, lambda sha256, _: state.blobs[sha256])
    await put(sandbox, "/workspace", gone, members)


async def run(sandbox: Sandbox, script: str) -> None:
    done = await sandbox.exec(["sh", "-ec", script], timeout_s=60)
    assert done.exit_code == 0, done.stderr.decode()


async def state_after(sandbox: Sandbox, task: Task, script: str) -> WorkspaceState:
    base = await begin_state(sandbox, task)
    await run(sandbox, script)
    state = await final_state(sandbox, base)
    assert state is not None
    return state


def kinds(state: WorkspaceState) -> dict[str, str]:
    return {file.path: file.kind for file in state.files}


async def test_nothing_done_is_nothing_kept(machines: tuple[Sandbox, Sandbox], task: Task) -> None:
    assert await state_after(machines[0], task, "touch -c none") == WorkspaceState()


async def test_written_again_as_it_was_is_no_change(machines: tuple[Sandbox, Sandbox], task: Task) -> None:
    assert await state_after(machines[0], task, "cp old.txt t; cat t > old.txt; rm t") == WorkspaceState()


async def test_a_hidden_change_is_seen(machines: tuple[Sandbox, Sandbox], task: Task) -> None:
    """Of the same size, with the old times set again."""
    script = "touch -r old.txt /tmp/t; sed -i 's/line 7$/LINE 7/' old.txt; touch -r /tmp/t old.txt"
    assert kinds(await state_after(machines[0], task, script)) == {"old.txt": "text"}


async def test_the_state_in_another_machine_is_the_same_state(machines: tuple[Sandbox, Sandbox], task: Task) -> None:
    one, other = machines
    base = await begin_state(other, task)
    state = await state_after(one, task, RESTORABLE + RETYPED)
    assert state.num_left_out == 0
    found = kinds(state)
    assert {found[name] for name in ("zeros", "data.bin")} == {"blob"}
    assert {found[name] for name in ("gone.txt", "gone.bin", "folder/below")} == {"deleted"}
    assert (found["out"], found["root"], found[".git"], found["link"]) == ("symlink", "symlink", "archive", "folder")
    assert not any("__pycache__" in name for name in found)
    assert next(file.target for file in state.files if file.path == "out") == "/etc/passwd"
    assert "passwd" not in state.diff
    await restore_state(other, task, state)
    again = await final_state(other, base)
    assert again is not None
    assert again == state
    assert again.blobs == state.blobs


async def test_nothing_is_removed_through_a_link_of_the_task(machines: tuple[Sandbox, Sandbox], task: Task) -> None:
    """The room has the task's own link where the agent made a folder of the same names."""
    assert task.environment_files is not None
    (task.environment_files / "way").symlink_to("folder")
    for machine in machines:
        await prepare_workdir(machine, task)
    state = await state_after(machines[0], task, "rm way; mkdir way; echo 2 > way/below")
    await restore_state(machines[1], task, state)
    assert (await machines[1].exec(["cat", "folder/below", "way/below"], cwd="/workspace")).stdout == b"12\n"


async def test_git_applies_the_diff(machines: tuple[Sandbox, Sandbox], task: Task, tmp_path: Path) -> None:
    state = await state_after(machines[0], task, RESTORABLE)
    assert task.environment_files is not None
    applied = await asyncio.to_thread(
        subprocess.run,
        ["git", "apply", "-"],
        input=state.diff.encode(),
        cwd=task.environment_files,
        capture_output=True,
        check=False,
    )
    assert applied.returncode == 0, applied.stderr.decode()
    folder = task.environment_files
    assert (folder / "old.txt").read_text().endswith("line 49\nmore\n")
    assert (folder / "crlf").read_bytes() == b"\r\n\f"
    assert (folder / "new\nline").read_bytes() == b"x"
    assert not (folder / "gone.txt").exists()


async def test_a_fork_is_told_against_what_its_parent_began_with(machines: tuple[Sandbox, Sandbox], task: Task) -> None:
    base = await begin_state(machines[0], task)
    assert base is not None
    await run(machines[0], RESTORABLE)
    state = await final_state(machines[0], base)
    (fork,) = await machines[0].fork()
    try:
        assert await final_state(fork, base.of_fork()) == state
    finally:
        await fork.stop()


async def test_what_cannot_be_read_is_said_to_be_left_out(machines: tuple[Sandbox, Sandbox], task: Task) -> None:
    script = """
    truncate -s 1G sparse; mkfifo pipe; echo s > secret; chmod 000 secret
    mkdir closed; echo x > closed/x; chmod 000 closed; chmod 000 folder
    """
    state = await state_after(machines[0], task, script)
    assert {path for path, kind in kinds(state).items() if kind == "left_out"} == {"sparse", "pipe", "secret"}
    assert "folder/below" not in kinds(state), "what can't be seen is not said to be deleted"
    assert state.num_left_out == 6
    assert next(file.size for file in state.files if file.path == "sparse") == 1 << 30


async def test_a_flood_of_files_is_cut_and_counted(
    machines: tuple[Sandbox, Sandbox], task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = await state_after(machines[0], task, "echo small > small; mkdir many; cd many; seq 100000 | xargs touch")
    assert state.num_left_out == 100_002 - capture.MAX_FILES
    assert len(state.files) < 10_000
    monkeypatch.setattr(capture, "MAX_BYTES", 1000)
    other = await state_after(machines[1], task, "head -c 900 /dev/zero > a; head -c 200 /dev/zero > b; echo c > c")
    assert kinds(other) == {"a": "left_out", "b": "blob", "c": "text"}
    assert other.num_left_out == 1


async def test_a_listing_that_is_cut_tells_of_no_deletion(
    machines: tuple[Sandbox, Sandbox], task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = await begin_state(machines[0], task)
    monkeypatch.setattr("claudebox_rl.session.final_state.listing.LISTING_CAP_BYTES", 600)
    await run(machines[0], "seq 100 | xargs touch")
    state = await final_state(machines[0], base)
    assert state is not None
    assert state.num_left_out > 0
    assert "deleted" not in kinds(state).values()


async def test_another_task_or_damage_is_refused(machines: tuple[Sandbox, Sandbox], task: Task) -> None:
    one, other = machines
    state = await state_after(one, task, "echo more >> old.txt; printf '\\0' > b")
    assert task.environment_files is not None
    (task.environment_files / "old.txt").write_text("another text\n")
    with pytest.raises(TrajectoryError, match="not those that the episode began with"):
        await restore_state(other, task, state)
    broken = replace(state, files=(replace(state.files[0], path='"'),))
    with pytest.raises(TrajectoryError, match="damaged"):
        await restore_state(other, task, broken)


async def test_a_machine_without_programs_has_no_state(task: Task) -> None:
    async with FakeSandbox() as fake:
        assert await begin_state(fake, task) is None


async def test_a_machine_that_died_has_no_state(task: Task, machines: tuple[Sandbox, Sandbox]) -> None:
    base = await begin_state(machines[0], task)
    await machines[0].stop()
    assert await begin_state(machines[0], task) is None
    with pytest.raises(SandboxUnavailableError):
        await final_state(machines[0], base)
