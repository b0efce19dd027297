from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from claudebox_rl.sandbox import journal


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    return tmp_path


def leave_behind(sandbox_id: str, **changes: object) -> Path:
    """Write a record as a process would have that is gone now."""
    state = journal.machines_dir() / sandbox_id
    state.mkdir()
    (state / "file").write_text("x")
    entry = replace(journal.record(sandbox_id, "local", state), **{"owner_start": "another time", **changes})
    (journal.machines_dir() / f"{sandbox_id}.json").write_text(
        json.dumps({name: getattr(entry, name) for name in entry.__slots__})
    )
    return state


def test_a_record_lives_from_start_to_stop() -> None:
    entry = journal.record("one", "local", extra_fact=3)
    assert journal.records() == [entry]
    assert (entry.owner_pid, entry.extra) == (os.getpid(), {"extra_fact": 3})
    assert journal.record_machine(entry, os.getpid()).machine_start == journal.process_start(os.getpid())
    journal.forget("one")
    journal.forget("one")
    assert journal.records() == []


def test_only_the_user_can_read_it() -> None:
    assert journal.machines_dir().stat().st_mode & 0o777 == 0o700


def test_living_owners_are_left_alone() -> None:
    journal.record("mine", "local")
    assert journal.reap() == []
    assert [entry.sandbox_id for entry in journal.records()] == ["mine"]


def test_what_a_dead_owner_left_is_removed() -> None:
    state = leave_behind("dead")
    assert [entry.sandbox_id for entry in journal.reap()] == ["dead"]
    assert not state.exists()
    assert journal.records() == []


def test_a_process_looks_once_for_each_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.reap_once()
    leave_behind("dead")
    journal.reap_once()
    assert len(journal.records()) == 1
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path / "other"))
    leave_behind("also-dead")
    journal.reap_once()
    assert journal.records() == []


def test_a_reused_process_id_is_no_living_owner() -> None:
    leave_behind("dead", owner_pid=os.getpid(), owner_start="before")
    assert len(journal.reap()) == 1


def test_other_boots_and_containers_are_left_alone() -> None:
    state = leave_behind("elsewhere", place="another boot")
    assert journal.reap() == []
    assert state.exists()


def test_a_leftover_machine_is_ended_and_a_stranger_is_not() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as machine:
        start = journal.process_start(machine.pid)
        leave_behind("stranger", machine_pid=machine.pid, machine_start="another time")
        journal.reap()
        assert machine.poll() is None
        leave_behind("machine", machine_pid=machine.pid, machine_start=start)
        journal.reap()
        assert machine.wait(5) == -9


def test_unreadable_records_are_no_obstacle() -> None:
    (journal.machines_dir() / "broken.json").write_text("{")
    (journal.machines_dir() / "other.json").write_text('{"a": 1}')
    leave_behind("dead")
    assert [entry.sandbox_id for entry in journal.reap()] == ["dead"]


def test_locked_folders_are_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    state = tmp_path / "state"
    (state / "locked" / "deep").mkdir(parents=True)
    (state / "link").symlink_to(outside)
    (state / "locked" / "deep").chmod(0)
    (state / "locked").chmod(0)
    journal.remove_tree(state)
    journal.remove_tree(state)
    assert not state.exists()
    assert outside.is_dir()


def test_no_such_process() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    assert journal.process_start(process.pid) is None
