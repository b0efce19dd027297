"""What breaks, stops or stalls a worker in earnest, on real Ray: the run goes on, or ends early and says why."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from test_runner import Heard, all_gone, machines_left, make_rollout, requests, workers

from claudebox_rl import SUBMIT, load_dataset
from claudebox_rl.config import DeadlineConfig, PolicyConfig, RayConfig, RolloutConfig
from claudebox_rl.distributed import crew, ending
from claudebox_rl.distributed.rollout import Rollout
from claudebox_rl.errors import RolloutError
from claudebox_rl.playing.player import PlayerSpec
from claudebox_rl.policies import Place
from claudebox_rl.sandbox import journal
from claudebox_rl.sandbox.processes import ProcessName
from claudebox_rl.types import Episode, EpisodeRequest, Flight, Outcome

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
EVIL, GOOD = "quickstart/fix-bug", "quickstart/write-function"
FOR_EVER_S = 3600


class Stuck:
    """Hands in at once; but the first time that it plays the first seed it stays in C, where no exception reaches it.

    Args:
        place: Where it plays.
        once: A file that tells whether it was stuck before.
        holds_python: Whether no other thread of its process gets to run meanwhile.
    """

    def __init__(self, place: Place, *, once: str, holds_python: bool) -> None:
        self._is_due, self._once = place.seed == 0, Path(once)
        self._library = (ctypes.PyDLL if holds_python else ctypes.CDLL)(None)

    def __call__(self, observation: dict) -> str:
        if self._is_due and not self._once.exists():
            self._once.touch()
            self._library.sleep(FOR_EVER_S)
        return SUBMIT


class Bomb:
    """Ends its process where it is given the first seed; else it hands in."""

    def __init__(self, place: Place) -> None:
        self._is_due = place.seed == 0

    def __call__(self, observation: dict) -> str:
        if self._is_due:
            os._exit(7)
        time.sleep(0.2)
        return SUBMIT


class Broken:
    """Fails as the infrastructure does, but for the first seed."""

    def __init__(self, place: Place) -> None:
        self._is_well = place.seed == 0

    def __call__(self, observation: dict) -> str:
        from claudebox_rl.errors import GatewayError

        if self._is_well:
            return SUBMIT
        raise GatewayError("the model's server is on fire")


def make(
    sandbox: str,
    dataset: Path,
    work: Sequence[EpisodeRequest],
    heard: Heard,
    policy: PolicyConfig,
    config: RolloutConfig,
) -> Rollout:
    env_kwargs = {"task": [EVIL, GOOD], "sandbox": sandbox, "seat": "shell"}
    return Rollout(list(work), PlayerSpec(env_kwargs, policy, dataset, config), RayConfig(), listener=heard)


def quick(**kwargs: object) -> RolloutConfig:
    return RolloutConfig(**{"num_workers": 2, "max_attempts": 2, "backoff_s": 0.1, "beat_interval_s": 0.2} | kwargs)


def stored(dataset: Path) -> dict[str, Episode]:
    return {record.episode.episode_id: record.episode for record in load_dataset(dataset)}


@pytest.mark.parametrize("holds_python", [False, True], ids=["answers", "silent"])
def test_a_policy_that_is_stuck_for_ever_costs_one_attempt(
    local_sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holds_python: bool
) -> None:
    monkeypatch.setattr(crew, "_SLACK_S", 1.0)
    policy = PolicyConfig(f"{__name__}:Stuck", {"once": str(tmp_path / "once"), "holds_python": holds_python})
    config = quick(deadlines=DeadlineConfig(agent_s=3.0), beat_timeout_s=4.0 if holds_python else 60.0)
    heard = Heard()
    episodes = list(make(local_sandbox, tmp_path, requests(4), heard, policy, config))
    assert [episode.outcome for episode in episodes] == [Outcome.COMPLETED] * 4
    assert sorted(episode.attempt for episode in episodes) == [1, 1, 1, 2]
    (lost,) = heard.lost
    row = stored(tmp_path)[lost.episode_id]
    assert (row.outcome, row.attempt, row.task_id) == (Outcome.INFRA_ERROR, 1, EVIL)
    told = "it gave no sign of life for 4 s" if holds_python else "was in the stage agent for"
    assert told in str(row.error_message)
    assert all_gone()
    assert not machines_left()


@pytest.mark.parametrize("node", ["its own", "another"])
def test_a_stopped_worker_is_ended_for_sure(
    local_sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node: str
) -> None:
    stopped: list[int] = []

    class Stopper(Heard):
        def beat(self, flights: Sequence[Flight]) -> None:
            playing = next((one for one in flights if one.stage == "agent"), None)
            if playing is not None and not stopped:
                stopped.append(int(playing.worker.rpartition(":")[2]))
                os.kill(stopped[0], signal.SIGSTOP)

    if node == "another":  # as the driver sees it; the task that ends it there sees it as it is
        monkeypatch.setattr(ProcessName, "is_here", property(lambda _: False))
    slow = PolicyConfig("scripted", {"script": ["sleep 2"]})
    heard = Stopper()
    episodes = list(make(local_sandbox, tmp_path, requests(3), heard, slow, quick(beat_timeout_s=3.0)))
    assert [episode.outcome for episode in episodes] == [Outcome.COMPLETED] * 3
    (lost,) = heard.lost
    assert "no sign of life for 3 s" in str(stored(tmp_path)[lost.episode_id].error_message)
    assert not psutil.pid_exists(stopped[0])
    assert all_gone()
    assert not machines_left()
    assert not [entry for entry in journal.records() if entry.owner_pid == stopped[0]]


def test_a_worker_that_is_stopped_when_the_taker_leaves_is_ended_for_sure(local_sandbox: str, tmp_path: Path) -> None:
    rollout = make_rollout(local_sandbox, tmp_path, 50, Heard(), agent="nop")
    for _ in rollout:
        pids = workers()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        break
    assert pids
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert not machines_left()


def test_another_process_with_the_number_of_a_dead_worker_is_left_alone() -> None:
    process = ending.WorkerProcess("node", "host:1", replace(crew_process(), start="long ago"))
    ending.end_for_sure([process])
    assert process.process.pid == os.getpid(), "and it goes on"


def crew_process() -> ProcessName:
    from claudebox_rl.sandbox.processes import this_process

    return this_process()


def test_a_task_that_breaks_three_workers_is_no_longer_played(local_sandbox: str, tmp_path: Path) -> None:
    evil = [replace(request, seed=0) for request in requests(3)]
    good = [
        replace(one, task_id=GOOD, episode_id=f"good-{one.episode_id}", seed=1 + n) for n, one in enumerate(requests(5))
    ]
    config = quick(max_attempts=5, max_broken_workers=3, breaker_window=None)
    heard = Heard()
    policy = PolicyConfig(f"{__name__}:Bomb")
    episodes = list(make(local_sandbox, tmp_path, [*evil, *good], heard, policy, config))
    by_task = {task: [one for one in episodes if one.task_id == task] for task in (EVIL, GOOD)}
    assert [one.outcome for one in by_task[GOOD]] == [Outcome.COMPLETED] * 5
    assert [one.outcome for one in by_task[EVIL]] == [Outcome.INFRA_ERROR] * 3
    evidence = [one for one in stored(tmp_path).values() if one.task_id == EVIL and one.error_type == "Interrupted"]
    refused = [one for one in by_task[EVIL] if one.error_type == "QuarantineError"]
    assert len(evidence) >= 3
    assert refused
    for one in refused:
        assert sum(died.episode_id in str(one.error_message) for died in evidence) >= 3
    assert all_gone()


def test_a_run_that_fails_everywhere_stops_early_and_keeps_what_is_finished(local_sandbox: str, tmp_path: Path) -> None:
    heard = Heard()
    config = quick(max_attempts=3, breaker_window=6)
    rollout = make(local_sandbox, tmp_path, requests(200), heard, PolicyConfig(f"{__name__}:Broken"), config)
    with pytest.raises(RolloutError, match=r"GatewayError: \d.*on fire.*Finished episodes are kept"):
        list(rollout)
    assert len(heard.begun) < 20
    outcomes = [episode.outcome for episode in stored(tmp_path).values()]
    assert outcomes.count(Outcome.COMPLETED) == 1
    assert set(outcomes) <= {Outcome.COMPLETED, Outcome.INFRA_ERROR, Outcome.CANCELLED}
    assert all_gone()
    assert not machines_left()
