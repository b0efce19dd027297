from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from claudebox_rl.trajectory.nesting import deeply, loads


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_the_limit_is_raised_while_somebody_needs_it() -> None:
    before = sys.getrecursionlimit()
    assert deeply(lambda: deeply(sys.getrecursionlimit)) == 10_000
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(loads, [nested(5000)] * 8))
    assert all(len(each) == 1 for each in found)
    assert sys.getrecursionlimit() == before


def test_what_is_deeper_still_is_an_error_and_no_crash() -> None:
    before = sys.getrecursionlimit()
    with pytest.raises(RecursionError):
        loads(nested(200_000))
    assert sys.getrecursionlimit() == before
