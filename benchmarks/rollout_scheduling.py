"""How long do 200 episodes of heavy-tailed durations take on 8 workers, and how long in lock-step?

Durations are lognormal by seed (sigma 1: the longest of 200 lasts about fifteen times the median). Paired: a rollout
on 8 actors, in which sessions, verifier and dataset are real, the machine and the policy are not, and
`gymnasium.vector.AsyncVectorEnv` over 8 processes that do nothing but wait, at the same time on the same durations.
Both begin when all workers are up. `greedy_s` is what a greedy schedule without any cost takes: the sum by the workers,
and the tail of the longest; `bound_s` is 1.05 times that. Argument: the median in seconds (2).
"""

from __future__ import annotations

import heapq
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
from gymnasium.vector import AsyncVectorEnv
from parts.simulated import MEETING_SEED, duration_s

from claudebox_rl import Episode, rollout
from claudebox_rl.types import EpisodeRequest

EPISODES, WORKERS = 200, 8
TASK = "quickstart/fix-bug"


class Waits(gym.Env[int, int]):
    """Each step is an episode, as long as its action, the seed, says."""

    observation_space, action_space = gym.spaces.Discrete(2), gym.spaces.Discrete(EPISODES)

    def __init__(self, median_s: float) -> None:
        self._median_s = median_s

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        super().reset(seed=seed)
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        time.sleep(duration_s(int(action), self._median_s))
        return 1, 1.0, True, False, {}


def lock_step_s(envs: AsyncVectorEnv) -> float:
    started = time.perf_counter()
    for first in range(0, EPISODES, WORKERS):
        envs.step(list(range(first, first + WORKERS)))
    return time.perf_counter() - started


def greedy_s(durations: Sequence[float]) -> float:
    """Return the makespan of list scheduling without any cost."""
    free = [0.0] * WORKERS
    for duration in durations:
        heapq.heappush(free, heapq.heappop(free) + duration)
    return max(free)


def requests(met: threading.Event) -> Iterator[EpisodeRequest]:
    for number in range(WORKERS):
        yield EpisodeRequest(task_id=TASK, episode_id=f"meeting-{number}", seed=MEETING_SEED + number)
    met.wait()
    for seed in range(EPISODES):
        yield EpisodeRequest(task_id=TASK, episode_id=f"episode-{seed}", seed=seed)


def on_workers(folder: Path, median_s: float, met: threading.Event) -> list[Episode]:
    (folder / "meeting").mkdir()
    options = {"median_s": median_s, "meeting": str(folder / "meeting"), "num_met": WORKERS}
    episodes = rollout(
        requests(met),
        task=TASK,
        agent="nop",
        sandbox="parts.simulated:SimulatedSandbox",
        policy={"name": "parts.simulated:WaitingPolicy", "options": options},
        num_workers=WORKERS,
        sessions_per_worker=1,
        out=folder / "dataset",
    )
    played: list[Episode] = []
    for episode in episodes:
        played.append(episode)
        if len(played) == WORKERS:
            met.set()
    return played[WORKERS:]


def main() -> None:
    median_s = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    durations = [duration_s(seed, median_s) for seed in range(EPISODES)]
    envs = AsyncVectorEnv([lambda: Waits(median_s)] * WORKERS, autoreset_mode="SameStep")
    envs.reset()
    met, lock_steps_s = threading.Event(), list[float]()
    pair = threading.Thread(target=lambda: met.wait() and lock_steps_s.append(lock_step_s(envs)), daemon=True)
    pair.start()
    with tempfile.TemporaryDirectory() as folder:
        played = on_workers(Path(folder), median_s, met)
    pair.join()
    envs.close()
    makespan_s = max(episode.ended_at for episode in played) - min(episode.started_at for episode in played)
    greedy = greedy_s(durations)
    assert len(played) == EPISODES
    assert all(episode.outcome == "completed" for episode in played)
    print(
        json.dumps(
            {
                "benchmark": "rollout_scheduling",
                "episodes": EPISODES,
                "workers": WORKERS,
                "sum_s": round(sum(durations), 1),
                "longest_s": round(max(durations), 1),
                "makespan_s": round(makespan_s, 1),
                "greedy_s": round(greedy, 1),
                "bound_s": round(1.05 * greedy, 1),
                "ratio_to_greedy": round(makespan_s / greedy, 3),
                "lock_step_s": round(lock_steps_s[0], 1),
                "ratio_lock_step_to_ours": round(lock_steps_s[0] / makespan_s, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
