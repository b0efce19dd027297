"""Rollouts on real Ray actors with real machines, some of which are killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from claudebox_rl import SUBMIT, load_dataset
from claudebox_rl.config import PolicyConfig, RayConfig, RolloutConfig
from claudebox_rl.distributed.rollout import Rollout
from claudebox_rl.errors import ConfigError
from claudebox_rl.playing.listener import Silent
from claudebox_rl.playing.plan import plan_episodes
from claudebox_rl.playing.player import PlayerSpec
from claudebox_rl.policies import Place
from claudebox_rl.types import Episode, EpisodeRequest, Flight, Outcome

TASK = "quickstart/fix-bug"
ONE = RolloutConfig(num_workers=1)


class Heard(Silent):
    def __init__(self) -> None:
        self.begun: list[str] = []
        self.lost: list[Episode] = []
        self.finished: list[Episode] = []

    def began(self, request: EpisodeRequest) -> None:
        self.begun.append(request.episode_id)

    def ended(self, episode: Episode, *, again: bool) -> None:
        (self.lost if again else self.finished).append(episode)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def workers() -> list[int]:
    """Pids of this process's rollout workers."""
    everyone = psutil.Process().children(recursive=True)
    return [p.pid for p in everyone if p.is_running() and "RolloutWorker" in " ".join(_cmdline(p))]


def all_gone() -> bool:
    """Whether the workers end within a few seconds: Ray's kill returns before they have."""
    deadline = time.monotonic() + 5
    while workers() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not workers()


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def requests(count: int) -> list[EpisodeRequest]:
    return plan_episodes([TASK], episodes_per_task=count, seed=0, run_id="r", config={"x": 1})


def make_rollout(sandbox: str, dataset: Path, count: int, heard: Silent, **kwargs: object) -> Rollout:
    env_kwargs = {"task": TASK, "sandbox": sandbox, **kwargs}
    config = RolloutConfig(num_workers=2, max_attempts=2, backoff_s=0.1, beat_interval_s=0.1)
    spec = PlayerSpec(env_kwargs, PolicyConfig(), dataset, config)
    return Rollout(requests(count), spec, RayConfig(), listener=heard)


def play(sandbox: str, dataset: Path, count: int, **kwargs: object) -> tuple[list[Episode], Heard]:
    heard = Heard()
    return list(make_rollout(sandbox, dataset, count, heard, **kwargs)), heard


def slow(delay_s: float) -> dict:
    return {"upstream": "scripted", "options": {"script": [{"text": "slow", "delay_s": delay_s, "repeat": True}]}}


def test_episodes_are_played_and_stored_once(local_sandbox: str, tmp_path: Path) -> None:
    episodes, heard = play(local_sandbox, tmp_path, 5, agent="oracle")
    assert [episode.outcome for episode in episodes] == [Outcome.COMPLETED] * 5
    assert [episode.episode_return for episode in episodes] == [1.0] * 5
    stored = load_dataset(tmp_path)
    assert sorted(stored.episode_ids) == sorted(heard.begun)
    assert not list((tmp_path / "journal").glob("*.jsonl"))
    assert all_gone()


def test_a_killed_worker_loses_only_what_was_in_flight(local_sandbox: str, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_one() -> None:
        deadline = time.monotonic() + 60
        while not killed and time.monotonic() < deadline:
            playing = {path.stem for path in (tmp_path / "journal").glob("*.jsonl")}
            if len(playing) >= 2 and (pids := workers()):
                time.sleep(1.5)
                os.kill(pids[0], signal.SIGKILL)
                killed.append(pids[0])
            time.sleep(0.05)

    killer = threading.Thread(target=kill_one)
    killer.start()
    episodes, heard = play(local_sandbox, tmp_path, 4, model=slow(3.0))
    killer.join()
    assert killed
    assert [episode.outcome for episode in episodes] == [Outcome.COMPLETED] * 4
    assert sorted(episode.attempt for episode in episodes) == [1, 1, 1, 2]
    (lost,) = heard.lost
    stored = {record.episode.episode_id: record.episode for record in load_dataset(tmp_path)}
    assert len(stored) == 5
    assert (stored[lost.episode_id].outcome, stored[lost.episode_id].episode_return) == (Outcome.INFRA_ERROR, None)
    assert (stored[lost.episode_id].task_id, stored[lost.episode_id].config) == (TASK, {"x": 1})
    assert not machines_left()


def machines_left() -> list[str]:
    """Command lines of this cluster's sandboxes and CLIs that are still there shortly after."""
    left: list[str] = []
    for _ in range(40):
        left = [" ".join(_cmdline(process)) for process in psutil.process_iter() if _sees_home(process.pid)]
        if not left:
            break
        time.sleep(0.05)
    return left


def _sees_home(pid: int) -> bool:
    """Whether a folder of the home of these tests is mounted for a process: one is for each process of a sandbox."""
    try:
        return f"{os.environ['CLAUDEBOX_HOME']}/" in Path(f"/proc/{pid}/mountinfo").read_text()
    except OSError:
        return False


def test_a_worker_that_always_dies_ends_as_an_infra_error(local_sandbox: str, tmp_path: Path) -> None:
    class Killer(Heard):
        def beat(self, flights: Sequence[Flight]) -> None:
            if len(self.begun) > len(self.lost) and (tmp_path / "journal" / f"{self.begun[-1]}.jsonl").exists():
                for pid in workers():
                    os.kill(pid, signal.SIGKILL)

    heard = Killer()
    episodes = list(make_rollout(local_sandbox, tmp_path, 1, heard, model=slow(30.0)))
    assert [(episode.outcome, episode.attempt) for episode in episodes] == [(Outcome.INFRA_ERROR, 2)]
    assert len(heard.lost) == 1
    assert len(load_dataset(tmp_path)) == 2


class LastWords:
    """Hands in at once, and ends its process when the episode is stored but nobody was told."""

    def __init__(self, place: Place, *, once: str) -> None:
        self._once = Path(once)

    def __call__(self, observation: dict) -> str:
        return SUBMIT

    def close(self) -> None:
        if not self._once.exists():
            self._once.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def test_an_episode_whose_worker_died_before_it_could_tell_counts(local_sandbox: str, tmp_path: Path) -> None:
    once = tmp_path / "once"
    env_kwargs = {"task": TASK, "sandbox": local_sandbox, "seat": "shell"}
    policy = PolicyConfig(f"{__name__}:LastWords", {"once": str(once)})
    heard = Heard()
    spec = PlayerSpec(env_kwargs, policy, tmp_path, RolloutConfig(num_workers=1, max_attempts=2, backoff_s=0.1))
    episodes = list(Rollout(requests(2), spec, RayConfig(), listener=heard))
    assert once.exists()
    assert [(episode.outcome, episode.attempt) for episode in episodes] == [(Outcome.COMPLETED, 1)] * 2
    assert not heard.lost
    assert sorted(load_dataset(tmp_path).episode_ids) == sorted(episode.episode_id for episode in episodes)


def test_siblings_go_on_where_a_model_fails(local_sandbox: str, tmp_path: Path) -> None:
    broken = {"upstream": "scripted", "options": {"script": [{"status": 500, "error": "no", "repeat": True}]}}
    model = broken | {"max_retries": 0}
    episodes, heard = play(local_sandbox, tmp_path, 3, model=model, agent={"max_retries": 0})
    assert [episode.outcome for episode in episodes] == [Outcome.INFRA_ERROR] * 3
    assert {episode.error_type for episode in episodes} == {"GatewayError"}
    assert [episode.episode_return for episode in episodes] == [None] * 3
    assert len(heard.lost) == 3, "each had a second attempt"


def test_an_interrupt_keeps_what_finished(local_sandbox: str, tmp_path: Path) -> None:
    class Impatient(Heard):
        def ended(self, episode: Episode, *, again: bool) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(make_rollout(local_sandbox, tmp_path, 6, Impatient(), agent="nop"))
    outcomes = [record.episode.outcome for record in load_dataset(tmp_path)]
    assert Outcome.COMPLETED in outcomes
    assert set(outcomes) <= {Outcome.COMPLETED, Outcome.CANCELLED}
    assert all_gone()


def test_a_taker_that_leaves_ends_the_rollout(local_sandbox: str, tmp_path: Path) -> None:
    rollout = make_rollout(local_sandbox, tmp_path, 50, Heard(), agent="nop")
    taken = []
    for episode in rollout:
        taken.append(episode.episode_id)
        break
    assert all_gone()
    outcomes = {record.episode.episode_id: record.episode.outcome for record in load_dataset(tmp_path)}
    assert outcomes[taken[0]] is Outcome.COMPLETED
    assert len(outcomes) < 50
    assert list(rollout) == []


def test_a_slow_taker_holds_the_workers_back(local_sandbox: str, tmp_path: Path) -> None:
    heard = Heard()
    num_read = 0

    def endless() -> Iterator[EpisodeRequest]:
        nonlocal num_read
        for request in requests(1000):
            num_read += 1
            yield request

    env_kwargs = {"task": TASK, "sandbox": local_sandbox, "agent": "nop"}
    spec = PlayerSpec(env_kwargs, PolicyConfig(), tmp_path, RolloutConfig(num_workers=1, max_in_flight=3))
    with Rollout(endless(), spec, RayConfig(), listener=heard) as rollout:
        episodes = iter(rollout)
        taken = [next(episodes) for _ in range(2)]
        wait_for(lambda: len(heard.begun) == 5)
        wait_for(lambda: len(heard.finished) == 5)
        wait_for(lambda: num_read == 6)
    assert [episode.outcome for episode in taken] == [Outcome.COMPLETED] * 2
    assert (len(heard.begun), num_read) == (5, 6), "three played ahead of the taker, and one read"


async def test_episodes_come_asynchronously_too(local_sandbox: str, tmp_path: Path) -> None:
    episodes = [episode async for episode in make_rollout(local_sandbox, tmp_path, 3, Heard(), agent="nop")]
    assert [episode.outcome for episode in episodes] == [Outcome.COMPLETED] * 3


def test_what_no_node_can_hold_is_refused(tmp_path: Path) -> None:
    spec = PlayerSpec({"task": TASK}, PolicyConfig(), tmp_path, RolloutConfig())
    with pytest.raises(ConfigError, match=r"microvm 0 of 5.*ray\.can_grow"):
        list(Rollout(requests(1), spec, RayConfig(microvms_per_session=5)))
    with pytest.raises(ConfigError, match="label zone=moon"):
        list(Rollout(requests(1), spec, RayConfig(worker_labels={"zone": "moon"})))


def test_requests_that_fail_to_be_read_end_the_rollout(local_sandbox: str, tmp_path: Path) -> None:
    def broken() -> Iterator[EpisodeRequest]:
        yield from requests(1)
        raise ValueError("no more of these")

    spec = PlayerSpec({"task": TASK, "sandbox": local_sandbox, "agent": "nop"}, PolicyConfig(), tmp_path, ONE)
    with pytest.raises(ValueError, match="no more of these"):
        list(Rollout(broken(), spec, RayConfig()))
    assert all_gone()
