"""Starting a program in a session of its own, as this process's user or as another."""

from __future__ import annotations

import errno
import os

from claudebox_rl.sandbox._guest.lean import Any, NoReturn, signal
from claudebox_rl.sandbox._guest.users import User, find

CANT_RUN, NOT_FOUND = 126, 127
"""Exit codes of a shell for a program that can't be run or does not exist."""
_RESTORED_SIGNALS = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
"""Process 1 ignores some, and commands must not."""
_SAID_BYTES = 4096


class CantStartError(Exception):
    """The program did not start; `code` is what a shell would exit with."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Program:
    """What to run.

    Args:
        argv: Program and arguments.
        env: Its whole environment.
        cwd: Where it starts.
        user: Another user than this process's.
    """

    def __init__(self, argv: list[str], env: dict[str, str], cwd: str, user: User | None) -> None:
        self.argv, self.env, self.cwd, self.user = argv, env, cwd, user

    @classmethod
    def of(cls, message: dict[str, Any]) -> Program:
        """Return what a message asks for.

        Raises:
            CantStartError: There is no such user.
        """
        argv, env, cwd, name = message["argv"], message["env"], message["cwd"], message["user"]
        if name is None:
            return cls(argv, env, cwd, None)
        user = find(name)
        if user is None:
            raise CantStartError(CANT_RUN, f"there is no user {name[:100]}")
        return cls(argv, {**user.env, **env}, cwd, None if user.uid == os.geteuid() else user)


def spawn(program: Program) -> tuple[int, tuple[int, int, int]]:
    """Start a program with three fresh pipes.

    Returns:
        Its process id, and our ends of its input, output and error output, not blocking.

    Raises:
        CantStartError: It did not start.
    """
    ends: list[int] = []
    ours: list[int] = []
    try:
        for _ in range(3):
            ends += os.pipe()
        ours = [ends[1], ends[2], ends[4]]
        start = _start if program.user is None else _start_as
        pid = start(program, (ends[0], ends[3], ends[5]))
    except OSError as error:
        ours = []
        raise CantStartError(CANT_RUN, str(error.strerror)) from error
    except CantStartError:
        ours = []
        raise
    finally:
        for end in ends:
            if end in ours:
                os.set_blocking(end, False)
            else:
                os.close(end)
    return pid, (ours[0], ours[1], ours[2])


def _start(program: Program, pipes: tuple[int, int, int]) -> int:
    _enter(program.cwd)
    try:
        return os.posix_spawn(
            _find(program.argv[0], program.env),
            program.argv,
            program.env,
            file_actions=[(os.POSIX_SPAWN_DUP2, pipe, position) for position, pipe in enumerate(pipes)],
            setsid=True,
            setsigmask=(),
            setsigdef=_RESTORED_SIGNALS,
        )
    except FileNotFoundError as error:
        raise CantStartError(NOT_FOUND, str(error.strerror)) from error


def _start_as(program: Program, pipes: tuple[int, int, int]) -> int:
    """Start a program as another user, which posix_spawn(3) can't: by a fork that says through a pipe what failed."""
    said, say = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(program, pipes, say)
    os.close(say)
    with os.fdopen(said, "rb") as said_file:
        words = said_file.read(_SAID_BYTES)
    if words:
        os.waitpid(pid, 0)
        code, _, text = words.decode("utf-8", "replace").partition(" ")
        raise CantStartError(int(code), text)
    return pid


def _become(program: Program, pipes: tuple[int, int, int], say: int) -> NoReturn:
    """Turn this process, a fork, into the program, by little: a lock that another thread held stays shut here."""
    try:
        os.setsid()
        for position, pipe in enumerate(pipes):
            os.dup2(pipe, position)
        for number in _RESTORED_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        assert program.user is not None
        program.user.become()
        _enter(program.cwd)
        os.execve(_find(program.argv[0], program.env), program.argv, program.env)
    except CantStartError as error:
        os.write(say, f"{error.code} {error}".encode()[:_SAID_BYTES])
    except OSError as error:
        code = NOT_FOUND if isinstance(error, FileNotFoundError) else CANT_RUN
        os.write(say, f"{code} {error.strerror}".encode()[:_SAID_BYTES])
    finally:
        os._exit(CANT_RUN)


def _enter(folder: str) -> None:
    try:
        os.chdir(folder)
    except OSError as error:
        raise CantStartError(CANT_RUN, f"no way into {folder}: {error.strerror}") from error


def _find(program: str, env: dict[str, str]) -> str:
    """Look a program up as execvp(3) does, in the command's own PATH."""
    if "/" in program:
        return program
    blocked = False
    for folder in env.get("PATH", "/usr/bin:/bin").split(":"):
        place = os.path.join(folder or ".", program)
        if os.path.isfile(place):
            if os.access(place, os.X_OK):
                return place
            blocked = True
    if blocked:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    raise FileNotFoundError(errno.ENOENT, "not found in PATH")
