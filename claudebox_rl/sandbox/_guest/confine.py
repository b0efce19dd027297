"""What the supervisor gives up before it serves anything: its user, its capabilities, its readability, its limits."""

from __future__ import annotations

import ctypes
import os
import resource

from claudebox_rl.sandbox._guest.lean import Any, signal

_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 24, 38
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_POSSIBLE_CAPABILITY = 63


def confine(settings: dict[str, Any]) -> None:
    """Make this process, and so every command, as weak as the sandbox is meant to be.

    Args:
        settings: `uid` (None: the user namespace has dropped the user already), `max_processes`, `max_file_bytes`,
            `max_open_files`.

    Raises:
        OSError: Something could not be given up.
    """
    if settings["uid"] is not None:
        _become(settings["uid"])
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    # Not dumpable: commands run as the same user and must neither trace this process nor read its memory.
    _prctl(_PR_SET_DUMPABLE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, settings["max_processes"])
    _limit(resource.RLIMIT_FSIZE, settings["max_file_bytes"])
    _limit(resource.RLIMIT_NOFILE, settings["max_open_files"])
    # Commands may signal this process; process 1 ignores what it has no handler for, and Python has one for this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o022)


def _become(uid: int) -> None:
    for capability in range(_LAST_POSSIBLE_CAPABILITY + 1):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # Leaving user 0 empties all sets but the inheritable one.
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if _libc.capset(header, nothing) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _limit(what: int, most: int | None) -> None:
    if most is None:
        return
    _, hard = resource.getrlimit(what)
    value = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (value, value))


_libc = ctypes.CDLL(None, use_errno=True)
