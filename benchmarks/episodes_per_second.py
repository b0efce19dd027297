"""How many no-op episodes do two workers play a second, and where does the time go?

An episode is a fresh machine, the task's files, the `nop` agent, the verifier and the journal. Paired against the same
episodes in this process, without Ray.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from claudebox_rl import Episode
from claudebox_rl.config import PolicyConfig, RayConfig, RolloutConfig
from claudebox_rl.distributed.rollout import Rollout
from claudebox_rl.playing.plan import plan_episodes
from claudebox_rl.playing.player import PlayerSpec
from claudebox_rl.types import EpisodeRequest

EPISODES = 40
WORKERS = 2
SANDBOX = sys.argv[1] if len(sys.argv) > 1 else "local"


def plan(run_id: str, count: int) -> list[EpisodeRequest]:
    return plan_episodes(["quickstart/fix-bug"], episodes_per_task=count, seed=0, run_id=run_id, config={})


def play(dataset: Path, run_id: str, count: int, num_workers: int) -> tuple[list[Episode], float]:
    kwargs = {"task": "quickstart/fix-bug", "agent": "nop", "sandbox": SANDBOX}
    spec = PlayerSpec(kwargs, PolicyConfig(), dataset, RolloutConfig(num_workers=num_workers))
    started = time.perf_counter()
    return list(Rollout(plan(run_id, count), spec, RayConfig())), time.perf_counter() - started


def mean(episodes: list[Episode], field: str) -> float:
    return sum(getattr(episode, field) for episode in episodes) / len(episodes)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        play(folder, "warm", 1, 0)
        inline, inline_s = play(folder, "inline", EPISODES, 0)
        play(folder, "workers", WORKERS, WORKERS)  # starts Ray
        few, few_s = play(folder, "few", WORKERS, WORKERS)
        many, many_s = play(folder, "many", WORKERS + EPISODES, WORKERS)
    assert all(episode.outcome == "completed" for episode in inline + few + many)
    walls = [episode.ended_at - episode.started_at for episode in many]
    parts = {name: round(1000 * mean(many, name), 1) for name in ("boot_s", "setup_s", "agent_s", "verify_s")}
    rest = 1000 * sum(walls) / len(walls) - sum(parts.values())
    print(
        json.dumps(
            {
                "benchmark": "episodes_per_second",
                "sandbox": SANDBOX,
                "workers": WORKERS,
                "episodes_per_s": round(EPISODES / (many_s - few_s), 1),  # the start of the workers is in both
                "episodes_per_s_inline": round(EPISODES / inline_s, 1),
                "ratio_workers_to_inline": round(inline_s / (many_s - few_s), 2),
                "episode_ms": round(1000 * sum(walls) / len(walls), 1),
                "parts_ms": {
                    **{name.removesuffix("_s"): value for name, value in parts.items()},
                    "rest": round(rest, 1),
                },
            }
        )
    )


if __name__ == "__main__":
    main()
