"""A process that kills itself right before the n-th call that changes a file's name or makes something durable."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

CALLS = ("rename", "replace", "unlink", "rmdir", "mkdir", "fsync", "ftruncate", "write")


def kill_at_every_point(
    folder: Path, prepare: Callable[[Path], Any], act: Callable[[Path], Any], calls: Iterable[str] = CALLS
) -> None:
    """Act on a dataset of its own for each n from 0 on, until a process ends by itself.

    Forks, so that imports are paid once: the caller must have imported all, and never used pyarrow's threads.

    Args:
        folder: Where the datasets are, numbered.
        prepare: Makes one.
        act: Is killed.
        calls: Functions of `os` that count.
    """
    for n in range(1000):
        dataset = folder / f"{n:03d}"
        prepare(dataset)
        child = os.fork()
        if child == 0:
            _arm(n, calls)
            act(dataset)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            return
        assert os.WTERMSIG(status) == signal.SIGKILL
    raise AssertionError("it never ended by itself")


def _arm(n: int, calls: Iterable[str]) -> None:
    left = n

    def before(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return call(*args, **kwargs)

        return counted

    for name in calls:
        setattr(os, name, before(getattr(os, name)))
