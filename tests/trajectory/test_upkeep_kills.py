"""Writers and a compactor that are killed at random moments, while a reader looks all the time."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from upkeep_chaos import expected

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import load_dataset
from claudebox_rl.trajectory.live import is_compacted
from claudebox_rl.trajectory.upkeep import Problem, compact, repair, verify

HERE = Path(__file__).parent


class Crew:
    """The processes, each started anew when it was killed; what they told is in files."""

    def __init__(self, folder: Path, dataset: Path) -> None:
        self._folder, self._dataset = folder, dataset
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.num_kills = 0

    def start(self, name: str) -> None:
        command = [sys.executable, HERE / "upkeep_chaos.py", name.split("-")[0], self._dataset]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
        with (self._folder / f"{name}.{self.num_kills}.told").open("wb") as told:
            self._processes[name] = subprocess.Popen(command, stdout=told, env=environment)

    def kill(self, name: str) -> None:
        process = self._processes.pop(name)
        assert process.poll() is None, f"{name} ended by itself"
        process.kill()
        process.wait()
        self.num_kills += 1

    def told(self) -> set[str]:
        lines = "".join(path.read_text() for path in self._folder.glob("*.told"))
        return set(lines[: lines.rfind("\n") + 1].split())

    def stop(self) -> None:
        for name in list(self._processes):
            self.kill(name)


def look(dataset: Path, seen: set[str]) -> set[str]:
    """Read all; what was seen before must be there, each once, each whole."""
    try:
        found = list(load_dataset(dataset))
    except TrajectoryError:
        if seen or list(dataset.glob("episodes/*.parquet")):
            raise
        return set()  # nothing was committed yet
    ids = [record.episode.episode_id for record in found]
    assert len(ids) == len(set(ids)), "an episode was seen twice"
    assert seen <= set(ids), "an episode went"
    for record in found:
        assert record == expected(record.episode.episode_id), "a reader saw half an episode"
    return set(ids)


@pytest.mark.parametrize("num_kills", [4, pytest.param(300, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path, num_kills: int) -> None:
    dataset, told, chance = tmp_path / "data", tmp_path / "told", random.Random(num_kills)
    told.mkdir()
    names = ["write-0", "write-1", "tidy-0"]
    crew = Crew(told, dataset)
    seen: set[str] = set()
    try:
        for name in names:
            crew.start(name)
        while crew.num_kills < num_kills:
            until = time.monotonic() + chance.uniform(1.0, 2.5)
            while time.monotonic() < until:
                seen = look(dataset, seen)
                time.sleep(0.05)
            name = chance.choice(names)
            crew.kill(name)
            crew.start(name)
    finally:
        crew.stop()
    finished = crew.told()
    done = repair(dataset)
    assert {finding.problem for finding in done.left} <= {Problem.REFERENCE}, "test values point nowhere"
    assert {finding.problem for finding in verify(dataset)} <= {Problem.REFERENCE}
    records = {record.episode.episode_id: record for record in load_dataset(dataset)}
    assert finished | seen <= set(records)
    assert all(records[name] == expected(name) for name in finished)
    compact(dataset)
    assert [part.name for part in (dataset / "episodes").iterdir() if is_compacted(part.name)]
    assert set(load_dataset(dataset).episode_ids) == set(records)
    assert not list(dataset.rglob("*.inprogress"))
