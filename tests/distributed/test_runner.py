"""Rollouts on real Ray actors with real machines, some of which are killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from claudebox_rl import load_dataset
from claudebox_rl.config import PolicyConfig, RayConfig, RolloutConfig
from claudebox_rl.distributed.runner import Runner, WorkerSpec
from claudebox_rl.playing.plan import plan_episodes
from claudebox_rl.types import Episode, EpisodeRequest, Outcome

TASK = "quickstart/fix-bug"


class Heard:
    def __init__(self) -> None:
        self.begun: list[str] = []
        self.lost: list[Episode] = []

    def began(self, request: EpisodeRequest) -> None:
        self.begun.append(request.episode_id)

    def ended(self, episode: Episode, *, again: bool) -> None:
        if again:
            self.lost.append(episode)


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


def play(sandbox: str, dataset: Path, count: int, **kwargs: object) -> tuple[list[Episode], Heard]:
    heard = Heard()
    env_kwargs = {"task": TASK, "sandbox": sandbox, **kwargs}
    rollout = RolloutConfig(num_workers=2, max_attempts=2)
    return Runner(WorkerSpec(env_kwargs, PolicyConfig(), dataset), rollout, RayConfig(), heard).run(
        requests(count)
    ), heard


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
    stop = threading.Event()

    def kill_all() -> None:
        while not stop.is_set():
            for pid in workers() if list((tmp_path / "journal").glob("*.jsonl")) else []:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.2)

    killer = threading.Thread(target=kill_all)
    killer.start()
    try:
        episodes, heard = play(local_sandbox, tmp_path, 1, model=slow(30.0))
    finally:
        stop.set()
        killer.join()
    assert [(episode.outcome, episode.attempt) for episode in episodes] == [(Outcome.INFRA_ERROR, 2)]
    assert len(heard.lost) == 1
    assert len(load_dataset(tmp_path)) == 2


def test_siblings_go_on_where_a_model_fails(local_sandbox: str, tmp_path: Path) -> None:
    broken = {"upstream": "scripted", "options": {"script": [{"status": 500, "error": "no", "repeat": True}]}}
    episodes, _ = play(local_sandbox, tmp_path, 3, model=broken, agent={"max_retries": 0})
    assert [episode.outcome for episode in episodes] == [Outcome.INFRA_ERROR] * 3
    assert {episode.error_type for episode in episodes} == {"GatewayError"}
    assert [episode.episode_return for episode in episodes] == [None] * 3


def test_an_interrupt_keeps_what_finished(local_sandbox: str, tmp_path: Path) -> None:
    class Impatient(Heard):
        def ended(self, episode: Episode, *, again: bool) -> None:
            raise KeyboardInterrupt

    env_kwargs = {"task": TASK, "sandbox": local_sandbox, "agent": "nop"}
    runner = Runner(
        WorkerSpec(env_kwargs, PolicyConfig(), tmp_path), RolloutConfig(num_workers=2), RayConfig(), Impatient()
    )
    with pytest.raises(KeyboardInterrupt):
        runner.run(requests(6))
    outcomes = [record.episode.outcome for record in load_dataset(tmp_path)]
    assert Outcome.COMPLETED in outcomes
    assert set(outcomes) <= {Outcome.COMPLETED, Outcome.CANCELLED}
    assert all_gone()
