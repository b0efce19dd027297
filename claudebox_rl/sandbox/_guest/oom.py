"""Whom the kernel ends first where memory runs out: `oom_score_adj` of proc(5).

Commands go first. A program may lower its score, as browsers do, to what this process was started with; so this one has
no more than that, and the larger goes first then.
"""

from __future__ import annotations

import time

_COMMANDS = b"1000"
_NUM_TRIES, _PAUSE_S = 10, 0.0002


def end_first(pid: int) -> None:
    """Let a command, which has just been started, be ended before this process.

    Not by raising this process's own score while it starts one: it would be the first then, if only for a moment.
    """
    for _ in range(_NUM_TRIES):
        try:
            with open(f"/proc/{pid}/oom_score_adj", "wb", 0) as file:
                file.write(_COMMANDS)
        except (FileNotFoundError, ProcessLookupError):
            return  # it has ended
        except PermissionError:
            # Until its program is in place, its files are root's, as this process's own are; those of a program that
            # may not be read stay so.
            time.sleep(_PAUSE_S)
        else:
            return
