"""JSON that is nested deeper than Python's own limit of calls lets it be read and written.

An agent's input may be as deep as the reader of its request allowed, and is read elsewhere on a stack that is higher.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

_DEEPEST = 10_000
"""Calls: levels of JSON take one each, and no more than a few hundred bytes of a thread's 8 MiB."""
T = TypeVar("T")


def deeply(call: Callable[[], T]) -> T:
    """Return what a call returns, which may go deeper than others.

    Raises:
        RecursionError: It goes still deeper.
    """
    with _raised_limit:
        return call()


def loads(text: str) -> Any:
    """Return the value of JSON, however deep; see `deeply`."""
    try:
        return json.loads(text)
    except RecursionError:
        return deeply(lambda: json.loads(text))


class _RaisedLimit:
    """The interpreter's limit, which all threads share, raised for as long as one of them needs it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._num_users = 0
        self._before = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._num_users:
                self._before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(_DEEPEST, self._before))
            self._num_users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._num_users -= 1
            if not self._num_users:
                sys.setrecursionlimit(self._before)


_raised_limit = _RaisedLimit()
