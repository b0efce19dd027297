"""The driver that chaos kills: it plays what is left of one run, and says on its output what has ended."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from claudebox_rl import SUBMIT, rollout
from claudebox_rl.playing.plan import plan_episodes
from claudebox_rl.playing.run import RunRecord, opened_run
from claudebox_rl.policies import Place
from claudebox_rl.types import EpisodeRequest

TASKS = [f"quickstart/{name}" for name in ("fix-bug", "parse-log", "shell-script", "write-function")]
SOLUTIONS = Path(__file__).parents[3] / "envs"
MAX_ATTEMPTS = 50
RUN = "chaos"


def expected_return(seed: int | None) -> float:
    """Even seeds solve their task, odd ones leave it as it is: a return tells whether it belongs to its episode."""
    return float((seed or 0) % 2 == 0)


class ShellPolicy:
    """Works in the shell for a moment, solves the task or not, and submits."""

    def __init__(self, place: Place) -> None:
        self._actions = ["sleep 0.3; ls", *(["solve"] if expected_return(place.seed) else []), SUBMIT]

    def __call__(self, observation: dict[str, Any]) -> str:
        action = self._actions.pop(0)
        if action != "solve":
            return action
        solutions = [(SOLUTIONS / task / "instruction.md", task) for task in TASKS]
        task = next(task for file, task in solutions if file.read_text().strip() in observation["instruction"])
        script = (SOLUTIONS / task / "solution/solve.sh").read_text()
        return f"bash <<'END_OF_SOLUTION'\n{script}\nEND_OF_SOLUTION"


def plan(num_episodes: int) -> list[EpisodeRequest]:
    """Return the whole plan."""
    return plan_episodes(TASKS, episodes_per_task=num_episodes // len(TASKS), seed=0, run_id=RUN, config={})


def main() -> None:
    dataset, num_episodes, num_workers, sessions, agent = sys.argv[1:]
    shell = {"seat": "shell", "policy": "chaos_driver:ShellPolicy"}
    cli = {"seat": "user", "model": "oracle", "policy": "instruction"}
    with opened_run(dataset, RunRecord(RUN, {}), plan(int(num_episodes)), max_attempts=MAX_ATTEMPTS) as left:
        episodes = rollout(
            left,
            task=TASKS,
            sandbox="local",
            out=dataset,
            run_id=RUN,
            num_workers=int(num_workers),
            sessions_per_worker=int(sessions),
            max_attempts=MAX_ATTEMPTS,
            max_broken_workers=1 << 30,
            breaker_window=None,
            backoff_s=0.2,
            max_backoff_s=2.0,
            commit_interval_s=2.0,
            **(shell if agent == "shell" else cli),
        )
        for episode in episodes:
            told = [episode.episode_id, episode.outcome, episode.episode_return]
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
