"""From episodes of a Parquet dataset to trajectories."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from claudebox_rl.session.export.document import Document, answer_step, document, prompt_head, tool_step
from claudebox_rl.session.export.document import Step as Line
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import Outcome, Step


def from_episode(record: EpisodeRecord) -> Document:
    """Return the trajectory of an episode: each `env.step` is a prompt, also the last, which submits."""
    episode, steps = record.episode, record.steps
    # What the agent answered is what the policy saw before it acted again.
    answers = [step.observation.get("response") for step in steps[1:]] + [None]
    return document(
        episode.episode_id,
        [_head(step, episode.started_at if step.step_index == 0 else None) for step in steps],
        [line for step, answer in zip(steps, answers, strict=True) for line in _lines(step, answer)],
        source="dataset",
        session_id=episode.episode_id,
        episode_id=episode.episode_id,
        run_id=episode.run_id,
        group_id=episode.group_id,
        task_id=episode.task_id,
        model=episode.model,
        outcome=str(episode.outcome),
        valid_for_training=episode.valid_for_training,
        final_reward=episode.episode_return,
        success=episode.outcome is Outcome.COMPLETED,
        created_at=episode.started_at,
    )


def _head(step: Step, at: float | None) -> dict[str, Any]:
    return prompt_head(
        step.step_index,
        step.action,
        at or min((call.started_at for call in step.tool_calls if call.started_at), default=None),
        duration_ms=round(step.duration_s * 1000),
        reward=step.reward,
        reward_terms=step.reward_terms,
    )


def _lines(step: Step, answer: Any) -> list[Line]:
    calls = [
        tool_step(asdict(call), prompt_index=step.step_index, exit_code=call.exit_code) for call in step.tool_calls
    ]
    end = answer_step(
        answer if isinstance(answer, str) else None,
        prompt_index=step.step_index,
        at=None,
        reward=step.reward,
        reward_terms=step.reward_terms,
    )
    return [*calls, end]
