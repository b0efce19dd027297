from __future__ import annotations

import json
import logging
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from claudebox_rl.errors import SandboxAttachError
from claudebox_rl.sandbox import _place, journal, reaper
from claudebox_rl.sandbox.reaper import Leftover

OTHER_BOOT = "11111111-1111-1111-1111-111111111111 pid:[4026531836]"


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    return tmp_path


def leave_behind(sandbox_id: str, *, num_files: int = 1, **changes: object) -> Path:
    """Write a record as a process would have that is gone now."""
    state = journal.machines_dir() / sandbox_id
    state.mkdir()
    for number in range(num_files):
        (state / f"file-{number}").write_text("x")
    entry = replace(journal.record(sandbox_id, "local", state), **{"owner_start": "another time", **changes})
    (journal.machines_dir() / f"{sandbox_id}.json").write_text(json.dumps(asdict(entry)))
    return state


def make_old(place: Path) -> None:
    before = time.time() - 3600
    os.utime(place, (before, before))


def names(done: list[Leftover]) -> list[str]:
    return [leftover.name for leftover in done]


def left() -> list[str]:
    return sorted(place.name for place in journal.machines_dir().iterdir() if not place.name.startswith("."))


def test_living_owners_are_left_alone() -> None:
    journal.record("mine", "local")
    assert reaper.reap() == []
    assert [entry.sandbox_id for entry in journal.records()] == ["mine"]


def test_what_a_dead_owner_left_is_removed() -> None:
    leave_behind("dead")
    assert names(reaper.leftovers()) == ["dead"]
    assert left() == ["dead", "dead.json"]
    assert names(reaper.reap()) == ["dead"]
    assert left() == []


def test_a_process_looks_once_for_each_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reaper.reap_once()
    leave_behind("dead")
    reaper.reap_once()
    assert len(journal.records()) == 1
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path / "other"))
    leave_behind("also-dead")
    reaper.reap_once()
    assert journal.records() == []


def test_a_reused_process_id_is_no_living_owner() -> None:
    leave_behind("dead", owner_pid=os.getpid(), owner_start="before")
    assert len(reaper.reap()) == 1


def test_an_owner_that_is_a_zombie_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as owner:
        start = _place.process_start(owner.pid)
        leave_behind("one", owner_pid=owner.pid, owner_start=start)
        assert reaper.reap() == []
        owner.kill()
        os.waitid(os.P_PID, owner.pid, os.WEXITED | os.WNOWAIT)
        assert names(reaper.reap()) == ["one"]


# Other places


def test_another_boot_of_this_host_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_place, "has_one_kernel", lambda folder: True)
    leave_behind("before", place=OTHER_BOOT)
    assert names(reaper.reap()) == ["before"]
    assert left() == []


def test_processes_of_another_boot_are_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_place, "has_one_kernel", lambda folder: True)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        start = _place.process_start(stranger.pid)
        leave_behind("before", place=OTHER_BOOT, machine_pid=stranger.pid, machine_start=start)
        assert names(reaper.reap()) == ["before"]
        assert stranger.poll() is None
        stranger.kill()


def test_a_shared_folder_proves_nothing_about_another_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_place, "has_one_kernel", lambda folder: False)
    leave_behind("clone", place=OTHER_BOOT)
    assert reaper.reap() == []


@pytest.mark.parametrize(
    "change", [{"host": "another"}, {"host": ""}, {"place": f"{_place.boot_of(_place.here())} pid:[1]", "host": "any"}]
)
def test_other_hosts_and_other_containers_are_left_alone(
    change: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_place, "has_one_kernel", lambda folder: True)
    state = leave_behind("elsewhere", **{"place": OTHER_BOOT, **change})
    assert reaper.reap() == []
    assert state.exists()
    assert [reaper.owner_of(entry) for entry in journal.records()] == ["elsewhere"]


# Machines that outlive their owner


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path]]:
    """What BoxLite, which is not here, was asked to remove."""
    asked: list[tuple[str, Path]] = []
    monkeypatch.setattr(reaper, "remove_box", lambda name, place: asked.append((name, place)))
    return asked


def test_a_machine_without_an_owner_goes_on_where_it_was_asked_to(removed: list[tuple[str, Path]]) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as machine:
        start = _place.process_start(machine.pid)
        leave_behind("kept", kept={"home": "/boxes"}, machine_pid=machine.pid, machine_start=start)
        assert [reaper.owner_of(entry) for entry in journal.records()] == ["detached"]
        assert reaper.reap() == []
        assert machine.poll() is None
        assert names(reaper.reap(detached=True)) == ["kept"]
        assert machine.poll() == -9
    assert removed == [("kept", Path("/boxes"))]
    assert left() == []


@pytest.mark.parametrize("changes", [{}, {"machine_pid": os.getpid(), "machine_start": "before"}])
def test_one_whose_own_process_has_ended_is_removed(
    changes: dict[str, object], removed: list[tuple[str, Path]]
) -> None:
    leave_behind("kept", kept={"home": "/boxes"}, **changes)
    assert names(reaper.reap()) == ["kept"]
    assert removed == [("kept", Path("/boxes"))]


def test_one_of_another_boot_has_ended(monkeypatch: pytest.MonkeyPatch, removed: list[tuple[str, Path]]) -> None:
    monkeypatch.setattr(_place, "has_one_kernel", lambda folder: True)
    leave_behind("kept", kept={"home": "/boxes"}, place=OTHER_BOOT)
    assert names(reaper.reap()) == ["kept"]
    assert removed == [("kept", Path("/boxes"))]


def test_one_with_a_living_owner_is_not_detached(removed: list[tuple[str, Path]]) -> None:
    entry = journal.record_machine(journal.record("kept", "boxlite", kept={"home": "/boxes"}), os.getpid())
    assert reaper.reap(detached=True) == []
    assert reaper.owner_of(journal.leave(entry)) == "detached"
    assert reaper.owner_of(journal.take(entry)) == "alive"
    assert removed == []


def test_one_whose_box_can_not_be_removed_stays_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, place: Path) -> None:
        raise SandboxAttachError(f"{place} is in use by process 7", cause="home")

    monkeypatch.setattr(reaper, "remove_box", refuse)
    leave_behind("kept", kept={"home": "/boxes"})
    assert [each.error for each in reaper.reap()] == ["/boxes is in use by process 7"]
    assert [entry.sandbox_id for entry in journal.records()] == ["kept"]


# The end of machines


def test_a_leftover_machine_is_ended_and_a_stranger_is_not() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as machine:
        start = _place.process_start(machine.pid)
        leave_behind("stranger", machine_pid=machine.pid, machine_start="another time")
        reaper.reap()
        assert machine.poll() is None
        leave_behind("machine", machine_pid=machine.pid, machine_start=start)
        reaper.reap()
        assert machine.poll() == -9


def test_what_can_not_be_removed_does_not_keep_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    leave_behind("a-stuck")
    leave_behind("b-dead")
    remove_tree = reaper.remove_tree

    def refuse(folder: Path) -> None:
        if folder.name == "a-stuck":
            raise PermissionError("of another user")
        remove_tree(folder)

    monkeypatch.setattr(reaper, "remove_tree", refuse)
    with caplog.at_level(logging.WARNING):
        done = reaper.reap()
    assert [(each.name, each.error) for each in done] == [("a-stuck", "of another user"), ("b-dead", None)]
    assert left() == ["a-stuck", "a-stuck.json"]
    assert "a-stuck" in caplog.text


def test_only_the_folder_of_its_own_name_is_removed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    leave_behind("dead", state_dir=str(precious))
    reaper.reap()
    assert precious.is_dir()
    assert left() == []


# What a crash leaves


def test_a_record_that_a_dead_process_had_not_put_in_place_is_removed_at_once() -> None:
    for sandbox_id, owner_start in (("dead", "another time"), ("mine", None)):
        entry = journal.record(sandbox_id, "local")
        entry = replace(entry, owner_start=owner_start or entry.owner_start)
        journal.forget(sandbox_id)
        (journal.machines_dir() / f"{sandbox_id}.partial").write_text(json.dumps(asdict(entry)))
    assert names(reaper.reap()) == ["dead.partial"]
    assert left() == ["mine.partial"]


def test_what_was_not_put_in_place_is_forgotten_with_its_machine() -> None:
    leave_behind("dead")
    (journal.machines_dir() / "dead.partial").write_text("")
    assert "dead" in names(reaper.reap())
    assert left() == []


@pytest.mark.parametrize("name", ["broken.json", "unfinished.partial"])
def test_a_broken_record_goes_when_it_is_old(name: str) -> None:
    place = journal.machines_dir() / name
    place.write_text('{"sandbox_id": "bro')
    assert reaper.reap() == []
    make_old(place)
    assert [(each.name, each.kind) for each in reaper.reap()] == [(name, "record")]
    assert left() == []


def test_the_folder_of_a_broken_record_goes_with_it() -> None:
    state = leave_behind("dead")
    (journal.machines_dir() / "dead.json").write_text("")
    make_old(journal.machines_dir() / "dead.json")
    make_old(state)
    assert names(reaper.reap()) == ["dead.json", "dead"]
    assert left() == []


def test_a_folder_without_a_record_goes_when_it_is_old() -> None:
    state = leave_behind("dead")
    journal.forget("dead")
    assert reaper.reap() == []
    make_old(state)
    assert [(each.name, each.kind) for each in reaper.reap()] == [("dead", "folder")]
    assert left() == []


def test_an_old_folder_of_a_living_owner_stays() -> None:
    state = journal.machines_dir() / "mine"
    state.mkdir()
    journal.record("mine", "local", state)
    make_old(state)
    make_old(journal.machines_dir() / "mine.json")
    assert reaper.reap() == []
    assert state.is_dir()


# Several reapers


def _reap(home: str, begin: multiprocessing.synchronize.Event, told: multiprocessing.Queue[list[str | None]]) -> None:
    os.environ["CLAUDEBOX_HOME"] = home
    begin.wait()
    told.put([leftover.error for leftover in reaper.reap(wait=True)])


def test_reapers_at_the_same_time_do_not_trip_over_each_other(tmp_path: Path) -> None:
    for number in range(20):
        leave_behind(f"dead-{number}", num_files=50)
    context = multiprocessing.get_context("spawn")
    begin, told = context.Event(), context.Queue()
    workers = [context.Process(target=_reap, args=(str(tmp_path), begin, told)) for _ in range(3)]
    for worker in workers:
        worker.start()
    begin.set()
    errors = [error for _ in workers for error in told.get(timeout=30)]
    for worker in workers:
        worker.join()
    assert errors == [None] * 20
    assert left() == []


def test_who_does_not_wait_leaves_it_to_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_behind("dead")
    at_it, go_on, first = threading.Event(), threading.Event(), []
    remove_tree = reaper.remove_tree

    def slow(folder: Path) -> None:
        at_it.set()
        go_on.wait(10)
        remove_tree(folder)

    monkeypatch.setattr(reaper, "remove_tree", slow)
    other = threading.Thread(target=lambda: first.extend(reaper.reap()))
    other.start()
    at_it.wait(10)
    assert reaper.reap() == []
    go_on.set()
    other.join()
    assert names(first) == ["dead"]
