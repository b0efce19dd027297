from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from claudebox_rl.sandbox import _place, journal


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path))
    return tmp_path


def test_a_record_lives_from_start_to_stop() -> None:
    entry = journal.record("one", "local", extra_fact=3)
    assert journal.records() == [entry]
    assert (entry.owner_pid, entry.extra) == (os.getpid(), {"extra_fact": 3})
    assert journal.record_machine(entry, os.getpid()).machine_start == _place.process_start(os.getpid())
    journal.forget("one")
    journal.forget("one")
    assert journal.records() == []


def test_only_the_user_can_read_it(empty_home: Path) -> None:
    assert journal.machines_dir().stat().st_mode & 0o777 == 0o700
    journal.record("one", "boxlite", kept={"key": "secret"})
    assert (journal.machines_dir() / "one.json").stat().st_mode & 0o077 == 0


def test_what_it_takes_to_come_back_grows() -> None:
    entry = journal.record("one", "boxlite", kept={"home": "/x"})
    entry = journal.leave(journal.record_kept(entry, env={"A": "1"}))
    assert journal.records() == [entry]
    assert (entry.owner_pid, entry.kept) == (0, {"home": "/x", "env": {"A": "1"}})
    assert journal.take(entry).owner_pid == os.getpid()


@pytest.mark.parametrize(
    "change",
    [
        {"owner_pid": "1"},
        {"machine_pid": "1"},
        {"created_at": None},
        {"extra": []},
        {"kept": None},
        {"sandbox_id": "another"},
        {"owner_start": None},
    ],
    ids=str,
)
def test_a_record_of_wrong_facts_is_none(change: dict[str, object]) -> None:
    journal.record("one", "local")
    place = journal.machines_dir() / "one.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), **change}))
    assert journal.records() == []


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", '{"a": 1}', "\0\0\0", "[" * 100_000], ids=lambda text: text[:9]
)
def test_a_broken_file_is_none(content: str) -> None:
    (journal.machines_dir() / "one.json").write_text(content)
    assert journal.records() == []


def test_a_name_that_leads_elsewhere_is_none() -> None:
    journal.record("one", "local")
    content = json.loads((journal.machines_dir() / "one.json").read_text())
    (journal.machines_dir() / "...json").write_text(json.dumps({**content, "sandbox_id": ".."}))
    assert [entry.sandbox_id for entry in journal.records()] == ["one"]


def test_a_later_version_may_say_more() -> None:
    entry = journal.record("one", "local")
    place = journal.machines_dir() / "one.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), "news": 1}))
    assert journal.records() == [entry]


def test_no_such_process() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    assert _place.process_start(process.pid) is None


def test_a_zombie_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert Path(f"/proc/{process.pid}").exists()
        assert _place.process_start(process.pid) is None


def test_a_process_whose_first_thread_ended_lives() -> None:
    code = "import ctypes, threading; t = threading.Thread(target=input); t.start(); print('up', flush=True)"
    code += "; ctypes.CDLL(None).pthread_exit(None)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        stat = Path(f"/proc/{process.pid}/stat")
        while ") Z" not in stat.read_text():
            pass
        assert _place.process_start(process.pid)
        process.kill()


MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/root rw
40 22 0:31 / /home rw - nfs4 server:/home rw
41 40 0:32 / /home/a\\040b rw - xfs /dev/sdb rw
50 22 0:40 / /twice rw - ext4 /dev/sdc rw
51 22 0:41 / /twice rw - 9p share rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/home/me/.claudebox", "nfs4"),
        ("/home/a b/x", "xfs"),
        ("/homework", "ext4"),
        ("/twice/x", "9p"),
    ],
)
def test_the_type_of_a_file_system(folder: str, kind: str) -> None:
    assert _place._type_of(Path(folder), MOUNTS) == kind
    assert (kind in _place._ONE_KERNEL) == (kind in ("ext4", "xfs"))


def test_this_folder_is_found(tmp_path: Path) -> None:
    assert _place._type_of(tmp_path, Path("/proc/self/mountinfo").read_text())
    assert _place.host()
    assert _place.boot_of(_place.here()) == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
