"""What happens in a run as JSON, an event a line. The fields of each event are in docs/rollouts.md."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TextIO

from claudebox_rl.playing.account import Playing, RunAccount, Sums
from claudebox_rl.types import Episode, EpisodeRequest, Flight

_BEAT_EVERY_S = 10.0
Value = str | int | float | bool | None | list[dict[str, "Value"]] | dict[str, int]


class EventLines:
    """Writes each event as it happens; a `Listener`.

    Lines are ASCII: JSON's escapes stand for whatever a terminal would obey. Settings, requests and answers, which may
    hold more than others should read, are no part of them.

    Args:
        stream: Takes the lines, each at once.
        account: The run's, which hears first.
        run_id: Of the run.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, stream: TextIO, account: RunAccount, run_id: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._stream = stream
        self._account = account
        self._run_id = run_id
        self._clock = clock
        self._next_beat = 0.0

    def run_started(self, *, dataset: str, model: str, agent: str, sandbox: str, num_workers: int) -> None:
        """Tell of a run that is about to begin."""
        self._write(
            "run_started",
            dataset=dataset,
            num_episodes=self._account.num_total,
            model=model,
            agent=agent,
            sandbox=sandbox,
            num_workers=num_workers,
        )

    def began(self, request: EpisodeRequest) -> None:
        """Tell of an episode that was given to a worker."""
        self._write(
            "episode_started",
            episode_id=request.episode_id,
            task_id=request.task_id,
            group_id=request.group_id,
            seed=request.seed,
            attempt=request.attempt,
        )

    def ended(self, episode: Episode, *, again: bool) -> None:
        """Tell of an episode that ended."""
        self._write(
            "episode_ended",
            episode_id=episode.episode_id,
            task_id=episode.task_id,
            group_id=episode.group_id,
            seed=episode.seed,
            attempt=episode.attempt,
            again=again,
            outcome=str(episode.outcome),
            valid_for_training=episode.valid_for_training,
            episode_return=episode.episode_return,
            num_steps=episode.num_steps,
            num_turns=episode.num_turns,
            **_spent(episode),
            queued_s=episode.queued_s,
            boot_s=episode.boot_s,
            setup_s=episode.setup_s,
            agent_s=episode.agent_s,
            verify_s=episode.verify_s,
            duration_s=episode.ended_at - episode.started_at,
            error_type=episode.error_type,
            error_message=episode.error_message,
        )

    def beat(self, flights: Sequence[Flight]) -> None:
        """Tell how far the run is, at most every ten seconds."""
        account, sums = self._account, self._account.all
        if account.now() < self._next_beat:
            return
        self._next_beat = account.now() + _BEAT_EVERY_S
        self._write(
            "beat",
            num_episodes=sums.num_episodes,
            num_total=account.num_total,
            num_running=len(account.playing),
            num_failed=sums.num_failed,
            num_machines=account.num_machines,
            mean_return=sums.mean_return,
            **_spent(sums),
            episodes_per_s=account.rate,
            eta_s=account.eta_s,
            playing=[_playing(one, account.now()) for one in account.playing.values()],
        )

    def run_ended(self, exit_code: int) -> None:
        """Tell of the end of a run, with its sums."""
        account, sums = self._account, self._account.all
        self._write(
            "run_ended",
            exit_code=exit_code,
            num_episodes=sums.num_episodes,
            num_valid=sums.num_valid,
            num_failed=sums.num_failed,
            num_lost=account.num_lost,
            outcomes={str(outcome): count for outcome, count in account.outcomes.items()},
            mean_return=sums.mean_return,
            num_steps=sums.num_steps,
            num_turns=sums.num_turns,
            **_spent(sums),
            duration_s=account.elapsed_s,
        )

    def _write(self, event: str, **values: Value) -> None:
        finite = {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in values.items()}
        line = json.dumps({"event": event, "time": self._clock(), "run_id": self._run_id, **finite}, allow_nan=False)
        self._stream.write(f"{line}\n")
        self._stream.flush()


def _spent(of: Episode | Sums) -> dict[str, Value]:
    tokens: dict[str, Value] = dict(asdict(of.usage))
    return tokens | {"cost_usd": of.cost_usd}


def _playing(one: Playing, now: float) -> dict[str, Value]:
    return {
        "episode_id": one.request.episode_id,
        "task_id": one.request.task_id,
        "stage": str(one.stage) if one.stage else None,
        "stage_s": now - one.since,
        "worker": one.worker,
    }
