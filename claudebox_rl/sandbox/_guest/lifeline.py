"""The end of a jailed program with the host that started it: its standard input is a pipe that only the host holds."""

from __future__ import annotations

import fcntl
import os
import select

_STDIN = 0


def end_with_host() -> None:
    """Let the kernel end this process when the host closes the pipe, or dies (O_ASYNC in open(2): SIGIO, unhandled)."""
    fcntl.fcntl(_STDIN, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(_STDIN, fcntl.F_SETFL, fcntl.fcntl(_STDIN, fcntl.F_GETFL) | os.O_ASYNC)
    watch = select.poll()
    watch.register(_STDIN, 0)
    if watch.poll(0):
        os._exit(1)  # the host was gone before
