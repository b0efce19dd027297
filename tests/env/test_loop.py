from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

import claudebox_rl.env.loop as loops


class SlowLoop(loops.LoopThread):
    def __init__(self) -> None:
        time.sleep(0.1)
        super().__init__()


def test_threads_that_ask_at_once_get_the_same_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "_make", cache(SlowLoop))
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: loops.shared_loop(), range(8)))
    assert len(set(map(id, made))) == 1
