"""Writers and committers that are killed, at every point where it could matter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_store import left_in_journal
from trajectory_values import record_of

from claudebox_rl.trajectory import commit, interrupted_episode, load_dataset, recover
from claudebox_rl.types import Outcome

HERE = Path(__file__).parent
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}

_KILLED = """
import sys
from pathlib import Path
import claudebox_rl.trajectory.gathering
from claudebox_rl.trajectory import EpisodeJournal, commit, recover
from kill_points import kill_at_every_point
from trajectory_values import journal, record_of, step_of

def finished(dataset):
    for name in ("a", "b"):
        journal(dataset, record_of(name))

def torn(dataset):
    with EpisodeJournal(dataset, "a") as file:
        file.add_start({"task_id": "t"})
        file.add_step(step_of("a", 0))
    with file.path.open("ab") as cut:
        cut.write(b'{"kind":"st')

kill_at_every_point(Path(sys.argv[1]), *{"commit": (finished, commit), "recover": (torn, recover)}[sys.argv[2]])
"""


def killed_at_every_point(folder: Path, what: str) -> list[Path]:
    subprocess.run([sys.executable, "-c", _KILLED, folder, what], env=ENVIRONMENT, check=True, timeout=60)
    return sorted(folder.iterdir())


def test_a_commit_killed_at_any_point_loses_and_doubles_nothing(tmp_path: Path) -> None:
    datasets = killed_at_every_point(tmp_path, "commit")
    assert len(datasets) > 20
    expected = [record_of("a"), record_of("b")]
    seen: set[int] = set()
    for dataset in datasets:
        before = list(load_dataset(dataset)) if list(dataset.glob("episodes/*.parquet")) else []
        assert before in ([], expected), "a reader saw half a commit"
        seen.add(len(before))
        written = commit(dataset)
        found = list(load_dataset(dataset))
        assert sorted(found, key=lambda record: record.episode.episode_id) == expected, dataset.name
        assert written == len(expected) - len(before)
        assert load_dataset(dataset).steps.num_rows == 6
        assert load_dataset(dataset).model_calls.num_rows == 14
        assert left_in_journal(dataset) == []
        assert not list(dataset.rglob("*.inprogress"))
    assert seen == {0, 2}


def test_a_recovery_killed_at_any_point_loses_and_doubles_nothing(tmp_path: Path) -> None:
    datasets = killed_at_every_point(tmp_path, "recover")
    assert len(datasets) > 3
    for dataset in datasets:
        recover(dataset)
        assert commit(dataset) == 1
        (record,) = load_dataset(dataset)
        assert (record.episode.outcome, record.episode.num_steps) == (Outcome.INFRA_ERROR, 1)
        assert len(record.steps) == 1


_WRITER = """
import sys
from pathlib import Path
from trajectory_values import call_of, episode_of, journal, record_of, step_of
from claudebox_rl.trajectory import EpisodeJournal
dataset = Path(sys.argv[1])
journal(dataset, record_of("finished"))
file = EpisodeJournal(dataset, "half")
file.add_start({"run_id": "r", "task_id": "t", "attempt": 2, "seed": 5, "config": {"a": 1}, "overrides": ["x=1"]})
index = 0
while True:
    file.add_step(step_of("half", index), [call_of("half", str(index))])
    print(index, flush=True)
    index += 1
"""


@pytest.mark.parametrize("outcome", [Outcome.INFRA_ERROR, Outcome.CANCELLED])
def test_a_killed_writer_loses_at_most_the_step_in_flight(tmp_path: Path, outcome: Outcome) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, tmp_path], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout
    with writer.stdout:
        while (told := int(writer.stdout.readline())) < 20:
            pass
        assert recover(tmp_path) == (), "the writer is alive"
        assert commit(tmp_path) == 1
        writer.kill()
        told = int((writer.stdout.read().splitlines() or [told])[-1])
        writer.wait()
    (closed,) = recover(tmp_path, lambda interrupted: interrupted_episode(interrupted, outcome))
    assert commit(tmp_path) == 1
    finished, half = load_dataset(tmp_path)
    assert finished == record_of("finished")
    assert half.episode == closed
    assert told + 1 <= len(half.steps) == len(half.model_calls) == closed.num_steps <= told + 2
    assert (closed.outcome, closed.episode_return, closed.error_type) == (outcome, None, "Interrupted")
    assert (closed.run_id, closed.task_id, closed.attempt, closed.seed) == ("r", "t", 2, 5)
    assert (closed.config, closed.overrides) == ({"a": 1}, ("x=1",))
