"""Where a path leads, as the sandbox's user finds it."""

from __future__ import annotations

import errno
import os
import stat

_MOST_LINKS = 40
"""Of one path, as in the kernel."""


class Place:
    """A path without links, on its way out like a file.

    Args:
        path: Absolute path inside. What is missing is taken as it is written.

    Raises:
        OSError: Its links lead in a circle, or through /proc, or a folder on the way can't be looked into.
    """

    def __init__(self, path: str) -> None:
        self._led = resolve(path)

    def serve(self, data: bytes, last: bool) -> tuple[bool, bytes]:
        """Return that this is all, and the path."""
        return True, os.fsencode(self._led)

    def close(self) -> None:
        """Do nothing: nothing is held."""


def resolve(path: str) -> str:
    """Return the absolute path without links; see `Place`."""
    proc = os.stat("/proc").st_dev
    led, left, num_links = "", path.split("/")[::-1], 0
    while left:
        name = left.pop()
        if name == "..":
            led = led.rpartition("/")[0]
        if name in ("", ".", ".."):
            continue
        link = _link(f"{led}/{name}", proc)
        if link is None:
            led = f"{led}/{name}"
            continue
        num_links += 1
        if num_links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        led = "" if link.startswith("/") else led
        left += link.split("/")[::-1]
    return led or "/"


def _link(path: str, proc: int) -> str | None:
    """Return what a link holds; None: it is none, or missing."""
    try:
        found = os.lstat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            return None
        raise
    if not stat.S_ISLNK(found.st_mode):
        return None
    if found.st_dev == proc:
        # /proc/self/cwd, or /dev/fd/3: each process is led elsewhere, and the one that asks here is not the agent.
        raise OSError(errno.ELOOP, "a link of /proc leads each process elsewhere")
    return os.readlink(path)
