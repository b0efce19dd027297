"""Starting a program in a session of its own."""

from __future__ import annotations

import errno
import os
import signal

CANT_RUN, NOT_FOUND = 126, 127
"""Exit codes of a shell for a program that can't be run or does not exist."""
_RESTORED_SIGNALS = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
"""Process 1 ignores some, and commands must not."""


class CantStartError(Exception):
    """The program did not start; `code` is what a shell would exit with."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def spawn(argv: list[str], env: dict[str, str], cwd: str) -> tuple[int, tuple[int, int, int]]:
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
        pid = _start(argv, env, cwd, (ends[0], ends[3], ends[5]))
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


def _start(argv: list[str], env: dict[str, str], cwd: str, pipes: tuple[int, int, int]) -> int:
    try:
        os.chdir(cwd)
    except OSError as error:
        raise CantStartError(CANT_RUN, f"no way into {cwd}: {error.strerror}") from error
    try:
        return os.posix_spawn(
            _find(argv[0], env),
            argv,
            env,
            file_actions=[(os.POSIX_SPAWN_DUP2, pipe, position) for position, pipe in enumerate(pipes)],
            setsid=True,
            setsigmask=(),
            setsigdef=_RESTORED_SIGNALS,
        )
    except FileNotFoundError as error:
        raise CantStartError(NOT_FOUND, str(error.strerror)) from error


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
