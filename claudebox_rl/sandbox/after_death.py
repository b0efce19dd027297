"""What a process leaves is removed as soon as it has died, however it died; its machines, above all.

A machine ends with its owner, but its record, its folder and its control group stay until the next machine starts in
the same home, which on a node that lost its worker may be never. So a shell waits at a pipe whose other end only the
owner holds; when the kernel closes that, it has the journal of machines reaped. It belongs to no process group, session
or parent that a scheduler kills along with the owner, takes 2 MB, and ends in any case.
"""

from __future__ import annotations

import os
import subprocess
import sys

from claudebox_rl.sandbox.journal import machines_dir

_WAIT = """
exec 3<&0  # what is put in the background has no input of its own
(
  read -r _  # nobody writes: this ends when the owner has
  eval "$1"
) <&3 &
"""
_REAP = """
for left in "$2"/*; do
  [ -e "$left" ] && exec "$3" -c "$4"
done
"""
_REAPER = "from claudebox_rl.sandbox.reaper import reap; reap(wait=True)"
_held: dict[int, list[int]] = {}
"""The ends of pipes that a process holds, by its id: a forked child has none."""
_reaping: set[int] = set()


def reap_after_death() -> None:
    """Have the machines of dead owners in this home removed when this process has died. Idempotent, some 5 ms."""
    if os.getpid() not in _reaping:
        run_after_death(_REAP, str(machines_dir()), sys.executable, _REAPER)
        _reaping.add(os.getpid())


def run_after_death(script: str, *arguments: str) -> None:
    """Have a shell script run when this process has died, however it died.

    Args:
        script: For `/bin/sh`; it is `$1` itself, and runs where nobody sees its output.
        *arguments: From `$2` on.
    """
    near, far = os.pipe()
    try:
        # The shell is gone at once, and what waits is nobody's child.
        subprocess.run(
            ["/bin/sh", "-c", _WAIT, "sh", script, *arguments],
            stdin=near,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
            check=True,
        )
    except BaseException:
        os.close(far)
        raise
    finally:
        os.close(near)
    _held.setdefault(os.getpid(), []).append(far)
