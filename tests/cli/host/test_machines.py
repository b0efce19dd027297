"""`claudebox-rl machines`, with owners that are really killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from claudebox_rl.cli.main import main
from claudebox_rl.sandbox import _place, journal, reaper

OWNER = """
import asyncio
from claudebox_rl.sandbox.local import LocalSandbox

async def main():
    async with LocalSandbox() as sandbox:
        await sandbox.write_file("/workspace/file", b"x" * 300_000)
        print(sandbox.sandbox_id, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    return tmp_path


@contextmanager
def owner() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process with a machine, and the machine's id."""
    path = os.pathsep.join(path for path in sys.path if path)
    command, env = [sys.executable, "-c", OWNER], {**os.environ, "PYTHONPATH": path}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert main(["machines", "list", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def left() -> list[str]:
    return sorted(place.name for place in journal.machines_dir().iterdir() if not place.name.startswith("."))


def hang(machine_pid: object) -> psutil.Process:
    """Stop a supervisor, so that it does not see its owner's end."""
    assert isinstance(machine_pid, int)
    process = psutil.Process(machine_pid)
    process.suspend()
    return process


def test_no_machines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["machines", "list"]) == 0
    assert str(tmp_path) in capsys.readouterr().out
    assert listed(capsys) == []
    assert main(["machines", "reap"]) == 0
    assert capsys.readouterr().out == "0 removed\n"


@pytest.mark.usefixtures("local_sandbox")
def test_the_machine_of_a_killed_owner(capsys: pytest.CaptureFixture[str]) -> None:
    with owner() as (living, living_id), owner() as (dead, dead_id):
        pids = {machine["sandbox_id"]: machine["machine_pid"] for machine in listed(capsys)}
        supervisor = hang(pids[dead_id])
        dead.kill()
        dead.wait()

        machines = {machine["sandbox_id"]: machine for machine in listed(capsys)}
        assert (machines[living_id]["owner"], machines[dead_id]["owner"]) == ("alive", "dead")
        assert machines[dead_id]["owner_pid"] == dead.pid
        assert machines[dead_id]["backend"] == "local"
        assert 300_000 <= machines[dead_id]["state_bytes"] < 600_000
        assert 0 <= machines[dead_id]["age_s"] < 60

        assert main(["machines", "list"]) == 0
        text = capsys.readouterr().out
        (row,) = [line for line in text.splitlines() if line.startswith(dead_id)]
        assert row.split()[1:5] == ["local", "dead", str(dead.pid), str(pids[dead_id])]
        assert row.split()[-1] == "here"
        assert "1 left behind; `claudebox-rl machines reap` removes" in text

        assert main(["machines", "reap", "--dry-run"]) == 0
        text = capsys.readouterr().out
        assert f"would remove {dead_id} (local, of process {dead.pid}, which is gone)\n1 would be removed\n" == text
        assert supervisor.is_running()

        assert main(["machines", "reap"]) == 0
        text = capsys.readouterr().out
        assert f"removed {dead_id} (local, of process {dead.pid}, which is gone)\n1 removed\n" == text
        assert not supervisor.is_running()
        assert left() == [living_id, f"{living_id}.json"]
        assert living.poll() is None
        assert psutil.pid_exists(pids[living_id])


def test_what_can_not_be_removed_is_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = journal.machines_dir() / "dead"
    state.mkdir()
    entry = replace(journal.record("dead", "local", state), owner_start="before")
    (journal.machines_dir() / "dead.json").write_text(json.dumps(asdict(entry)))

    def refuse(folder: Path) -> None:
        raise PermissionError(f"not yours: {folder.name}")

    monkeypatch.setattr(reaper, "remove_tree", refuse)
    assert main(["machines", "reap"]) == 1
    text = capsys.readouterr().out
    assert text.startswith("can't remove dead (local, ")
    assert text.endswith("which is gone): not yours: dead\n0 removed, 1 could not be\n")
    assert left() == ["dead", "dead.json"]


def test_other_leftovers_are_shown_and_removed(capsys: pytest.CaptureFixture[str]) -> None:
    (journal.machines_dir() / "orphan").mkdir()
    (journal.machines_dir() / "torn\x1b[31m.json").write_text("{")
    before = time.time() - 3600
    for place in journal.machines_dir().iterdir():
        os.utime(place, (before, before))
    assert main(["machines", "list"]) == 0
    text = capsys.readouterr().out
    assert "orphan: a state folder without a record\n" in text
    assert "torn.json: a broken record\n" in text
    assert main(["machines", "reap"]) == 0
    assert "2 removed" in capsys.readouterr().out
    assert left() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"place": "1-2-3 pid:[4]", "host": "any"}, "another host"),
        ({"place": f"{_place.boot_of(_place.here())} pid:[4]"}, "another container"),
    ],
)
def test_machines_of_other_places_are_shown_and_stay(
    changes: dict[str, str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = replace(journal.record("far", "boxlite"), **changes)
    (journal.machines_dir() / "far.json").write_text(json.dumps(asdict(entry)))
    assert main(["machines", "list"]) == 0
    assert words in capsys.readouterr().out
    (machine,) = listed(capsys)
    assert (machine["owner"], machine["state_dir"], machine["state_bytes"]) == ("elsewhere", None, 0)
    assert main(["machines", "reap"]) == 0
    assert left() == ["far.json"]


def test_a_detached_machine_is_shown_and_ended_on_demand_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper, "remove_box", lambda name, place: None)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as machine:
        journal.leave(journal.record_machine(journal.record("kept", "boxlite", kept={"home": "/x"}), machine.pid))
        assert [each["owner"] for each in listed(capsys)] == ["detached"]
        assert main(["machines", "list"]) == 0
        text = capsys.readouterr().out
        assert text.splitlines()[1].split()[:5] == ["kept", "boxlite", "detached", "-", str(machine.pid)]
        assert "left behind" not in text
        assert main(["machines", "reap"]) == 0
        assert capsys.readouterr().out == "0 removed\n"
        assert main(["machines", "reap", "--detached", "--dry-run"]) == 0
        assert capsys.readouterr().out == "would remove kept (boxlite, detached)\n1 would be removed\n"
        assert main(["machines", "reap", "--detached"]) == 0
        assert capsys.readouterr().out == "removed kept (boxlite, detached)\n1 removed\n"
        assert machine.poll() == -9
    assert left() == []


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["machines", "--help"])
    text = capsys.readouterr().out
    assert all(
        word in text for word in ("--dry-run", "--json", "--detached", "elsewhere", "exit codes", "CLAUDEBOX_HOME")
    )
    with pytest.raises(SystemExit, match="2"):
        main(["machines"])
