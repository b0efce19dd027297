"""A cluster that this process starts ends with it, however it dies.

Ray's processes watch each other, but those that are just starting can miss the death of the one they are to watch, and
then stay for good. So they all bear a mark in their environment, and what still bears it a while after this process has
died is killed. (Linux; elsewhere Ray's own watch is all there is.)
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager

from claudebox_rl.sandbox.after_death import run_after_death

MARK = "CLAUDEBOX_RAY_OWNER"
_END = """
sleep "$3"
for process in /proc/[0-9]*; do
  tr '\\0' '\\n' 2>/dev/null <"$process/environ" | grep -qx "$2" && kill -9 "${process#/proc/}"
done
"""
_GRACE_S = 20
"""What Ray's processes need to end by themselves, and workers to end their machines."""


@contextmanager
def owned(grace_s: float = _GRACE_S) -> Generator[None]:
    """Mark the processes that are started meanwhile, and have them killed `grace_s` after this process has died."""
    mark = f"{os.getpid()}-{secrets.token_hex(8)}"
    run_after_death(_END, f"{MARK}={mark}", str(grace_s))
    os.environ[MARK] = mark
    try:
        yield
    finally:
        # Whatever else this process starts is not Ray's, and stays.
        del os.environ[MARK]
