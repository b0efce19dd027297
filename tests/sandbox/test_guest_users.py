"""Commands of other users, as the supervisor of a box starts them: here, from the host's root."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl.sandbox._guest.spawn import CANT_RUN, NOT_FOUND, CantStartError, Program, spawn
from claudebox_rl.sandbox._guest.users import find

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
SHOW = "id -un; id -Gn; echo $HOME $USER $LOGNAME $OWN; grep -E 'CapEff|SigIgn' /proc/self/status; pwd"


@pytest.fixture(autouse=True)
def own_folder() -> Iterator[None]:
    """The supervisor goes from folder to folder."""
    before = Path.cwd()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    os.chdir(before)


def run(*argv: str, **message: Any) -> tuple[int, str]:
    program = Program.of({"argv": list(argv), "env": {"PATH": "/usr/bin:/bin"}, "cwd": "/", "user": None, **message})
    pid, (stdin, stdout, stderr) = spawn(program)
    _, status = os.waitpid(pid, 0)
    said = os.read(stdout, 4096) + (os.read(stderr, 4096) if status else b"")
    for end in (stdin, stdout, stderr):
        os.close(end)
    return os.waitstatus_to_exitcode(status), said.decode()


@pytest.mark.parametrize("user", ["nobody", str(pwd.getpwnam("nobody").pw_uid)])
def test_a_command_is_all_its_user_s(user: str) -> None:
    code, said = run("sh", "-c", SHOW, user=user, env={"OWN": "own", "PATH": "/usr/bin:/bin"})
    name, groups, variables, ignored, capabilities, folder = said.splitlines()
    assert (code, name, groups, folder) == (0, "nobody", "nogroup", "/")
    assert variables == f"{pwd.getpwnam('nobody').pw_dir} nobody nobody own"
    assert capabilities.split()[1] == "0" * 16
    # Python itself ignores some, SIGUSR1 is ignored here; 32 and 33 are the C library's own, for whoever started us.
    assert int(ignored.split()[1], 16) & ~(0b11 << 31) == 0


def test_given_variables_stay() -> None:
    env = {"HOME": "/given", "USER": "me", "PATH": "/usr/bin:/bin"}
    assert run("sh", "-c", "echo $HOME $USER $LOGNAME", user="nobody", env=env) == (0, "/given me nobody\n")


def test_root_may_be_asked_for() -> None:
    assert run("sh", "-c", "id -un; echo $HOME", user="root") == (0, f"root\n{pwd.getpwnam('root').pw_dir}\n")


def test_its_rights_decide_what_it_may_enter_and_run(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(CantStartError, match=f"no way into {closed}: Permission denied") as caught:
        run("true", user="nobody", cwd=str(closed))
    assert caught.value.code == CANT_RUN
    with pytest.raises(CantStartError, match="not found in PATH") as caught:
        run("no-such-program", user="nobody")
    assert caught.value.code == NOT_FOUND
    program = Path("/tmp/claudebox-test-closed-program")
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    try:
        with pytest.raises(CantStartError, match="Permission denied") as caught:
            run(str(program), user="nobody")
    finally:
        program.unlink()
    assert caught.value.code == CANT_RUN


@pytest.mark.parametrize("user", ["no-such-user", "4123456789", "99999999999999", "-1", "²", ""])
def test_an_unknown_user_is_a_result(user: str) -> None:
    assert find(user) is None
    with pytest.raises(CantStartError, match="there is no user") as caught:
        run("true", user=user)
    assert caught.value.code == CANT_RUN


def test_no_child_is_left_of_a_start_that_failed() -> None:
    with pytest.raises(CantStartError):
        run("no-such-program", user="nobody")
    with contextlib.suppress(ChildProcessError):
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)
