"""Writers and a compactor that are killed at random moments, while a reader looks all the time."""

from __future__ import annotations

import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
import upkeep_chaos
from upkeep_chaos import expected

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import load_dataset
from claudebox_rl.trajectory.live import is_compacted
from claudebox_rl.trajectory.upkeep import compact, repair, verify

WORK = {"write-0": upkeep_chaos.write, "write-1": upkeep_chaos.write, "tidy": upkeep_chaos.tidy}
LONGEST_LIFE_S = 0.8


class Crew:
    """The processes, each started anew when it was killed. They are forked from one that has imported all already."""

    def __init__(self, dataset: Path, told: Path) -> None:
        self._dataset, self._told = dataset, told
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["upkeep_chaos"])
        self._processes: dict[str, ForkServerProcess] = {}

    def __enter__(self) -> Crew:
        for name in WORK:
            self.start(name)
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._processes):
            self.kill(name)

    def start(self, name: str) -> None:
        process = self._context.Process(target=WORK[name], args=(self._dataset, self._told), daemon=True)
        process.start()
        self._processes[name] = process

    def kill(self, name: str) -> None:
        process = self._processes.pop(name)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"{name} ended by itself"


def look(dataset: Path, seen: set[str]) -> set[str]:
    """Read all; what was seen before must be there, each once, each whole."""
    try:
        found = list(load_dataset(dataset))
    except TrajectoryError:
        if seen or parts_of(dataset):
            raise
        return set()  # nothing was committed yet
    ids = [record.episode.episode_id for record in found]
    assert len(ids) == len(set(ids)), "an episode was seen twice"
    assert seen <= set(ids), "an episode went"
    for record in found:
        episode = record.episode
        if episode.error_type != "Interrupted" or episode.episode_id in seen:  # `repair` closes what was half played
            assert record == expected(episode.episode_id), "a reader saw half an episode"
    return set(ids)


def watch(dataset: Path, is_over: threading.Event) -> set[str]:
    """Look until it is over; return what was seen at last."""
    seen: set[str] = set()
    while not is_over.wait(0.05):
        seen = look(dataset, seen)
    return seen


def parts_of(dataset: Path) -> list[str]:
    return [path.name for path in dataset.glob("episodes/*.parquet")]


def killed(dataset: Path, told: Path, num_kills: int, chance: random.Random) -> set[str]:
    """Let them work, kill one after the other, and return what must be there."""
    is_over = threading.Event()
    with ThreadPoolExecutor(1) as threads, Crew(dataset, told) as crew:
        watching = threads.submit(watch, dataset, is_over)
        try:
            while not parts_of(dataset) and not watching.done():
                time.sleep(0.05)  # the first of them waits for its imports
            for _ in range(num_kills):
                time.sleep(chance.uniform(0.0, LONGEST_LIFE_S))
                name = chance.choice(list(WORK))
                crew.kill(name)
                crew.start(name)
                if watching.done():
                    break
            while not any(map(is_compacted, parts_of(dataset))) and not watching.done():
                time.sleep(0.05)
        finally:
            is_over.set()
        seen = watching.result()
    lines = told.read_text()
    return seen | set(lines[: lines.rfind("\n") + 1].split())


@pytest.mark.parametrize(
    ("num_rounds", "num_kills"), [(1, 4), pytest.param(12, 25, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path, num_rounds: int, num_kills: int) -> None:
    for round_ in range(num_rounds):  # each with a dataset of its own, so that a look at all of it stays quick
        dataset, told, chance = tmp_path / f"data-{round_}", tmp_path / f"told-{round_}", random.Random(round_)
        told.touch()
        must_be_there = killed(dataset, told, num_kills, chance)
        assert repair(dataset).left == ()
        assert verify(dataset) == []
        found = look(dataset, must_be_there)
        compact(dataset)
        assert look(dataset, must_be_there) == found
        assert verify(dataset) == []
        assert not list(dataset.rglob("*.inprogress"))
