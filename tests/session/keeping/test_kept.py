"""Sessions on disk: who has one, what is found of it, what is removed of it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import ConfigError, SessionAlreadyExistsError, SessionNotFoundError, WorkspaceError
from claudebox_rl.session.keeping import stored
from claudebox_rl.session.keeping.folder import SessionFolder
from claudebox_rl.session.keeping.lock import SessionLock, holder


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def made(session_id: str, **settings: Any) -> SessionFolder:
    folder = SessionFolder(session_id)
    folder.open(settings)
    folder.close()
    return folder


BAD_IDS = ["../x", "", "x" * 300, "a\0b", ".", "..", "a/b", "x\n", " x", "-x", ".x", "é", 7, None, b"x"]


@pytest.mark.parametrize("bad", BAD_IDS, ids=repr)
def test_a_bad_id_is_refused_by_every_door(bad: Any, tmp_path: Path) -> None:
    doors = [SessionFolder, stored.find_session, stored.cleanup_session, ClaudeBox.reconnect]
    if bad is not None:  # None asks for no session
        doors.append(lambda bad: ClaudeBox(session_id=bad))
    for door in doors:
        with pytest.raises(ConfigError, match="letters, digits") as caught:
            door(bad)
        assert len(str(caught.value)) < 250
    assert not (tmp_path / "home").exists()


def test_a_new_folder_is_whole_or_not_there() -> None:
    folder = made("s", model={"upstream": "nop"})
    record = stored.find_session("s")
    assert record.settings == {"model": {"upstream": "nop"}}
    assert {path.name for path in folder.path.iterdir()} == {"agent", "lock", "session.json", "workspace"}
    assert [path.name for path in folder.path.parent.iterdir()] == ["s"]


def test_settings_are_those_of_the_creation() -> None:
    made("s", first=True)
    made("s", first=False)
    assert stored.find_session("s").settings == {"first": True}


def test_two_owners_in_one_process() -> None:
    one, other = SessionFolder("s"), SessionFolder("s")
    one.open({})
    with pytest.raises(SessionAlreadyExistsError, match=f"open already in process {os.getpid()}"):
        other.open({})
    one.close()
    other.open({})
    with pytest.raises(WorkspaceError, match="not open in this process"):
        one.update(num_prompts=3)
    other.close()


CONTENDER = """
import sys
from claudebox_rl.errors import SessionAlreadyExistsError
from claudebox_rl.session.keeping.folder import SessionFolder
folder = SessionFolder("s")
sys.stdin.readline()
try:
    folder.open({})
    print("has it", flush=True)
except SessionAlreadyExistsError:
    print("refused", flush=True)
sys.stdin.readline()
"""


def test_of_eight_processes_that_open_at_once_one_has_it() -> None:
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", CONTENDER], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = sorted(process.stdout.readline().strip() for process in started if process.stdout)
    for process in started:
        process.communicate("\n", timeout=60)
    assert answers == ["has it", *["refused"] * 7]
    assert holder(SessionFolder("s").path / "lock") is None


def test_a_forked_child_has_nothing_and_keeps_nothing(tmp_path: Path) -> None:
    folder = SessionFolder("s")
    folder.open({})
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            folder.update(num_prompts=7)
        except WorkspaceError:
            os.write(writing, b"refused")
        folder.close()
        time.sleep(30)
        os._exit(0)
    try:
        os.close(writing)
        assert os.read(reading, 100) == b"refused"
        with pytest.raises(SessionAlreadyExistsError):
            SessionFolder("s").open({})
        folder.close()  # the child lives, and must not hold it
        made("s")
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(reading)


def test_whoever_looks_does_not_stand_in_the_way() -> None:
    path = made("s").path / "lock"
    looking = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"from claudebox_rl.session.keeping.lock import *\nwhile True: holder(Path({str(path)!r}))",
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    try:
        time.sleep(1)
        for _ in range(200):
            lock = SessionLock(path)
            assert lock.take()
            lock.release()
    finally:
        looking.kill()
        looking.wait()


def test_the_list_says_what_state_each_is_in() -> None:
    made("closed")
    broken = made("broken")
    (broken.path / "session.json").write_text('{"version": 1, "metad')
    made("cleaned")
    stored.cleanup_session("cleaned")
    held = SessionFolder("held")
    held.open({})
    (held.workspace / "file").write_bytes(b"x" * 50_000)
    found = {info.session_id: info for info in stored.list_sessions()}
    assert {name: info.state for name, info in found.items()} == {
        "closed": "closed",
        "broken": "broken",
        "cleaned": "cleaned",
        "held": "open",
    }
    assert (found["held"].owner_pid, found["held"].status) == (os.getpid(), "open")
    assert found["held"].size_bytes > 50_000 > found["closed"].size_bytes
    assert found["closed"].owner_pid is None
    assert 0 <= (found["closed"].age_s or 0) < 60
    held.close()


def test_a_missing_session_names_the_others() -> None:
    with pytest.raises(SessionNotFoundError, match="known: none"):
        stored.find_session("s")
    for name in ("a", "b"):
        made(name)
    with pytest.raises(SessionNotFoundError, match=r"no session 's' in .*; known: a, b") as caught:
        ClaudeBox.reconnect("s")
    assert caught.value.context["known"] == ["a", "b"]


def test_a_broken_session_says_what_to_do_and_can_be_cleaned() -> None:
    folder = made("s")
    (folder.workspace / "work").write_text("dear")
    (folder.path / "session.json").write_text("{")
    with pytest.raises(WorkspaceError, match="sessions clean s"):
        SessionFolder("s").open({})
    stored.cleanup_session("s")
    with pytest.raises(SessionNotFoundError, match="was cleaned up"):
        stored.find_session("s")
    made("s")
    assert (folder.workspace / "work").read_text() == "dear"


def test_nothing_of_an_open_session_is_removed() -> None:
    folder = SessionFolder("s")
    folder.open({})
    (folder.workspace / "work").write_text("dear")
    before = sorted(folder.path.rglob("*"))
    for remove in (False, True):
        with pytest.raises(SessionAlreadyExistsError, match="is open already"):
            stored.cleanup_session("s", remove_workspace=remove)
    assert stored.cleanup_sessions(0, remove_workspace=True) == []
    assert sorted(folder.path.rglob("*")) == before
    folder.close()


def test_sessions_are_cleaned_by_age() -> None:
    for name in ("old", "new"):
        made(name)
    record = SessionFolder("old").path / "session.json"
    content = json.loads(record.read_text())
    content["metadata"]["last_accessed"] = time.time() - 3600
    record.write_text(json.dumps(content))
    assert stored.cleanup_sessions(1800, remove_workspace=True) == ["old"]
    assert [info.session_id for info in stored.list_sessions()] == ["new"]


def test_a_hostile_workspace_is_removed_and_nothing_beyond_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("dear")
    folder = made("s")
    for place in (folder.workspace, folder.agent):
        (place / "link").symlink_to(outside)
        (place / "locked").mkdir(mode=0o000)
        os.mkfifo(place / "fifo")
    here = os.open(folder.workspace, os.O_RDONLY)
    for _ in range(10_000):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    assert stored.list_sessions()[0].state == "closed"
    stored.cleanup_session("s", remove_workspace=True)
    assert not folder.path.exists()
    assert (outside / "file").read_text() == "dear"


def test_what_a_killed_removal_left_is_swept_and_never_listed() -> None:
    folder = made("s")
    folder.path.rename(folder.path.with_name(".removed-s-0"))
    assert stored.list_sessions() == []
    made("other")
    stored.cleanup_session("other", remove_workspace=True)
    assert list(folder.path.parent.iterdir()) == []


def test_a_link_is_no_session(tmp_path: Path) -> None:
    made("s")
    (SessionFolder("s").path.parent / "linked").symlink_to(SessionFolder("s").path)
    assert [info.session_id for info in stored.list_sessions()] == ["s"]


async def test_the_three_ways_of_ending_a_box(empty_home: Path) -> None:
    common: dict[str, Any] = {"agent": "nop", "sandbox": "unsafe"}
    async with ClaudeBox(**common, auto_remove=False) as kept:
        assert kept.is_persistent
    async with ClaudeBox(**common, session_id="gone", auto_remove=True) as gone:
        assert gone.workspace_path is not None
        assert gone.workspace_path.is_dir()
    async with ClaudeBox(**common):
        pass
    assert [info.session_id for info in ClaudeBox.list_sessions()] == [kept.session_id]
    await ClaudeBox.cleanup_session(kept.session_id, remove_workspace=True)
    assert ClaudeBox.list_sessions() == []


async def test_a_session_that_can_t_be_opened_leaves_no_folder() -> None:
    with pytest.raises(ConfigError, match="ANTHROPIC_API_KEY"):
        await ClaudeBox(model="anthropic", sandbox="unsafe", session_id="s").open()
    assert ClaudeBox.list_sessions() == []


async def test_a_workspace_dir_of_one_s_own(tmp_path: Path) -> None:
    async with ClaudeBox(agent="nop", sandbox="unsafe", session_id="s", workspace_dir=tmp_path / "own"):
        pass
    assert ClaudeBox.list_sessions() == []
    assert [info.session_id for info in ClaudeBox.list_sessions(tmp_path / "own")] == ["s"]
    async with ClaudeBox.reconnect("s", workspace_dir=tmp_path / "own") as box:
        assert box.workspace_path == tmp_path / "own/sessions/s/workspace"


async def test_reconnect_goes_on_as_the_session_was_made(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    made_with: dict[str, Any] = {
        "agent": {"name": "nop", "max_turns": 7},
        "sandbox": {"name": "unsafe"},
        "volumes": [(shared, "/shared", "ro")],
        "enable_logging": False,
    }
    async with ClaudeBox(session_id="s", **made_with):
        pass
    box = await ClaudeBox.reconnect("s")
    try:
        async with box as same:
            assert same is box
            assert await box.sandbox.exec(["ls", f"{box.sandbox.root}/shared"])
        assert box.history() == []
    finally:
        await box.close()
    assert box.metadata.num_openings == 2


async def test_values_of_variables_are_asked_for_again() -> None:
    async with ClaudeBox(agent="nop", sandbox="unsafe", session_id="s", env={"PASSWORD": "hunter22"}):
        pass
    assert "hunter22" not in (SessionFolder("s").path / "session.json").read_text()
    with pytest.raises(ConfigError, match="env PASSWORD, whose values are not kept"):
        ClaudeBox.reconnect("s")
    async with ClaudeBox.reconnect("s", env=[("PASSWORD", "again")]) as box:
        assert (await box.sandbox.exec(["printenv", "PASSWORD"])).text == "again\n"
    async with ClaudeBox.reconnect("s", env={}):
        pass


async def test_opening_twice_is_refused() -> None:
    async with ClaudeBox(agent="nop", sandbox="unsafe", session_id="s") as box:
        with pytest.raises(Exception, match="open already"):
            await box.open()
        with pytest.raises(SessionAlreadyExistsError):
            await ClaudeBox.reconnect("s")
        boxes = [ClaudeBox(agent="nop", sandbox="unsafe", session_id="t") for _ in range(2)]
        both = await asyncio.gather(*(each.open() for each in boxes), return_exceptions=True)
        assert sorted(type(one).__name__ for one in both) == ["NoneType", "SessionAlreadyExistsError"]
        for each in boxes:
            await each.close()
