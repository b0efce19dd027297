"""Beginning a run, and going on with it, in folders and on a real object store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.playing.plan import plan_episodes
from claudebox_rl.playing.run import RunRecord, opened_run, stored_run
from claudebox_rl.trajectory import EpisodeJournal, holding, load_dataset, storage_of, working
from claudebox_rl.types import Episode, EpisodeRequest, Outcome

SETTINGS: dict[str, Any] = {"seed": 0, "model": {"upstream": "oracle"}, "rollout": {"num_workers": 2}}
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["folder", "object store"])
def dataset(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    if request.param == "folder":
        return tmp_path / "data"
    return request.getfixturevalue("object_store")(tmp_path.name)


def plan(count: int = 2, task: str = "s/a") -> list[EpisodeRequest]:
    return plan_episodes([task], episodes_per_task=count, seed=0, run_id="exp", config={})


def record(**settings: Any) -> RunRecord:
    return RunRecord("exp", SETTINGS | settings)


def play(dataset: str | Path, request: EpisodeRequest, outcome: Outcome = Outcome.COMPLETED) -> None:
    with EpisodeJournal(dataset, request.episode_id) as journal:
        journal.add_start({"run_id": "exp"})
        journal.finish(Episode(request.episode_id, "exp", request.task_id or "", outcome, None))


def leave_half_played(dataset: str | Path, request: EpisodeRequest) -> None:
    with EpisodeJournal(dataset, request.episode_id) as journal:
        journal.add_start({"run_id": "exp", "task_id": "s/a"})


def test_only_what_is_missing_is_left_at_the_next_start(dataset: str | Path) -> None:
    with opened_run(dataset, record(), plan(3), max_attempts=3) as left:
        assert left == plan(3)
        play(dataset, left[0])
        leave_half_played(dataset, left[1])
    with opened_run(dataset, record(), plan(3), max_attempts=3) as left:
        assert left == plan(3)[1:], "half played is not played, and uses up no attempt"
        play(dataset, left[0])
        play(dataset, left[1], Outcome.INFRA_ERROR)
    with opened_run(dataset, record(), plan(4), max_attempts=3) as left:
        assert [request.episode_id for request in left] == ["a-2-exp-attempt2", "a-3-exp"]
    assert sorted(load_dataset(dataset).episode_ids) == ["a-0-exp", "a-1-exp", "a-2-exp"]


def test_episodes_of_other_runs_in_the_dataset_are_let_be(tmp_path: Path) -> None:
    with EpisodeJournal(tmp_path, "other") as journal:
        journal.add_start({"run_id": "other"})
    with opened_run(tmp_path, record(), plan(), max_attempts=1):
        pass
    assert (tmp_path / "journal" / "other.jsonl").exists()


def test_the_record_tells_what_was_started(dataset: str | Path) -> None:
    with opened_run(dataset, replace(record(), overrides=("seed=0",)), plan(), max_attempts=1):
        first = stored_run(dataset)
    assert (first.run_id, first.settings, first.num_episodes) == ("exp", SETTINGS, 2)
    with opened_run(dataset, record(rollout={"num_workers": 0}), plan(5), max_attempts=1):
        second = stored_run(dataset, "exp")
    assert second.started_at == first.started_at
    assert (second.num_episodes, second.settings["rollout"]) == (5, {"num_workers": 0})
    assert json.loads(storage_of(dataset).read("runs/exp.json") or b"")["code_version"]


def test_other_settings_are_refused_by_name(dataset: str | Path) -> None:
    with opened_run(dataset, record(), plan(), max_attempts=1):
        pass
    with (
        pytest.raises(ConfigError, match=r"model\.upstream \('oracle' before, 'nop' now\); .*--resume"),
        opened_run(dataset, record(model={"upstream": "nop"}), plan(), max_attempts=1),
    ):
        pass
    with (
        pytest.raises(ConfigError, match="other tasks"),
        opened_run(dataset, record(), plan(task="s/b"), max_attempts=1),
    ):
        pass
    assert stored_run(dataset).settings == SETTINGS


@pytest.mark.parametrize("run_id", ["", "a/b", "../x", ".hidden", "x" * 65])
def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path, run_id: str) -> None:
    with (
        pytest.raises(ConfigError, match="plain name"),
        opened_run(tmp_path, RunRecord(run_id, {}), [], max_attempts=1),
    ):
        pass


def test_a_run_that_is_not_there_or_not_the_only_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no run in"):
        stored_run(tmp_path)
    for run_id in ("a", "b"):
        with opened_run(tmp_path, RunRecord(run_id, {}), [], max_attempts=1):
            pass
    with pytest.raises(ConfigError, match="there are a, b: choose one by run="):
        stored_run(tmp_path)
    assert stored_run(tmp_path, "b").run_id == "b"


_DRIVER = """
import sys
from claudebox_rl.trajectory import driving
with driving(sys.argv[1], "exp"):
    print("holding", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a driver in another process, of this host or of one that has another home."""
    started: list[subprocess.Popen[str]] = []

    def start(dataset: str | Path, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", _DRIVER, str(dataset)],
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "holding\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def begin(dataset: str | Path) -> None:
    with opened_run(dataset, record(), plan(), max_attempts=1):
        pass


def test_a_second_driver_is_refused_until_the_first_is_dead(
    dataset: str | Path, drive: Callable[..., subprocess.Popen[str]]
) -> None:
    first = drive(dataset)
    with pytest.raises(ConfigError, match=f"driven by process {first.pid} on .* already: wait for its end"):
        begin(dataset)
    first.send_signal(signal.SIGKILL)
    first.wait()
    begin(dataset)


def test_a_driver_on_another_host_is_refused_by_its_lease(
    object_store: Callable[[str], str],
    tmp_path: Path,
    drive: Callable[..., subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uri = object_store(tmp_path.name)
    elsewhere = {"CLAUDEBOX_HOME": str(tmp_path / "elsewhere")}
    first = drive(uri, **elsewhere)
    with pytest.raises(ConfigError, match=r"where it was killed, wait \d+ s"):
        begin(uri)
    first.kill()
    first.wait()
    drive(uri, **elsewhere).communicate()  # the same host knows its own lease again, and lets go of it
    begin(uri)
    drive(uri, **elsewhere).kill()
    monkeypatch.setattr(holding, "LEASE_S", -2.0)  # over at once, though a store may tell times in whole seconds
    begin(uri)


_WORKER = """
import sys
from claudebox_rl.trajectory import working
working(sys.argv[1], "exp")
print("working", flush=True)
sys.stdin.read()
"""


def test_workers_of_a_dead_driver_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", _WORKER, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout
        assert worker.stdout.readline() == "working\n"
        monkeypatch.setattr(holding, "_DEATH_S", 0.1)
        with pytest.raises(TrajectoryError, match="workers of an earlier driver of run 'exp' are still at work"):
            begin(tmp_path)
        worker.kill()
    begin(tmp_path)


_HOST = """
import sys
from claudebox_rl.trajectory import EpisodeJournal, commit, working
from claudebox_rl.types import Episode, Outcome
uri, episode_id, what = sys.argv[1:]
working(uri, "exp")
if what == "play":
    with EpisodeJournal(uri, episode_id) as journal:
        journal.add_start({"run_id": "exp"})
        journal.finish(Episode(episode_id, "exp", "s/a", Outcome.COMPLETED, None))
else:
    print(commit(uri))
"""


def test_what_another_host_still_has_is_not_committed_beside_what_is_played_anew(
    object_store: Callable[[str], str], tmp_path: Path
) -> None:
    uri, (request, _) = object_store(tmp_path.name), plan()

    def on_worker_host(what: str) -> str:
        command = [sys.executable, "-c", _HOST, uri, request.episode_id, what]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "CLAUDEBOX_HOME": str(tmp_path / "worker")}
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    with opened_run(uri, record(), plan(1), max_attempts=1):
        on_worker_host("play")
    with opened_run(uri, record(), plan(1), max_attempts=1) as left:
        assert left == [request], "its journal is on the other host"
        assert on_worker_host("commit") == "0\n"
        on_worker_host("play")
        assert on_worker_host("commit") == "1\n", "what this start played is"
    assert load_dataset(uri).episode_ids == (request.episode_id,)


def test_a_driver_that_plays_itself_is_no_worker_of_its_next_start(tmp_path: Path) -> None:
    for _ in range(2):
        with opened_run(tmp_path, record(), plan(), max_attempts=1):
            working(tmp_path, "exp")
