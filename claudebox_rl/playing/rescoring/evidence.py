"""A stored episode as an environment that plays itself back, so that reward wrappers judge it as they did in play."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import gymnasium as gym

from claudebox_rl.call_types import Distinct, total_cost_usd
from claudebox_rl.errors import RewardError, TrajectoryError, VerifierError
from claudebox_rl.rewards import Reward, apply_rewards
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import Changes, CodeResult, Outcome, Step, Usage, VerifierResult


class StoredEpisode(gym.Env[dict[str, Any], Any]):
    """Gives what was stored of each step, and the verdict at the last one.

    The `result` of a step holds what is stored of it: `response` (where the next observation shows it), `action_log`,
    `usage`, `cost_usd`, `duration_s` (of the step, the last one's without the verifier's time), `refused` and, at the
    last step, `changes` of the whole episode.

    Args:
        record: The episode.
        verdict: On its final state.
        changes: What it did to the files; None where that is not known.
    """

    observation_space = gym.spaces.Dict({})
    action_space = gym.spaces.Discrete(1)

    def __init__(self, record: EpisodeRecord, verdict: VerifierResult, changes: Changes | None) -> None:
        self._record, self._verdict, self._changes = record, verdict, changes
        self._index = 0
        self._usages = _usages(record)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin again."""
        super().reset(seed=seed)
        self._index = 0
        return self._record.steps[0].observation, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Give the next step, whatever the action."""
        steps = self._record.steps
        step, self._index = steps[self._index], self._index + 1
        is_last = self._index == len(steps)
        verdict = self._verdict if is_last else None
        info = {
            "episode_id": step.episode_id,
            "result": self._result(step, is_last=is_last),
            "model_calls": self._record.calls_of(step.step_index),
            "verifier": verdict,
            "reward_terms": {"verifier": verdict.reward} if verdict else {},
        }
        after = step.observation if is_last else steps[self._index].observation
        return after, verdict.reward if verdict else 0.0, step.terminated, step.truncated, info

    def _result(self, step: Step, *, is_last: bool) -> CodeResult:
        verify_s = self._record.episode.verify_s if is_last else 0.0
        calls = self._record.calls_of(step.step_index)
        after = {} if is_last else self._record.steps[self._index].observation
        return CodeResult(
            success=True,
            response=str(after.get("response", after.get("stdout", ""))),
            cost_usd=total_cost_usd(calls) or 0.0,
            action_log=step.tool_calls,
            refused=step.refused or (),
            usage=self._usages.get(step.step_index, Usage()),
            duration_s=max(0.0, step.duration_s - verify_s),
            num_turns=len(calls),
            changes=self._changes if is_last else Changes(),
        )


def _usages(record: EpisodeRecord) -> dict[int | None, Usage]:
    """Return the tokens of each step, those of requests that were made again once."""
    steps = dict(zip((call.call_id for call in record.model_calls), record.call_steps, strict=True))
    kept = Distinct(lambda call: (steps[call.call_id], call.usage))
    kept.add(record.model_calls)
    usages: dict[int | None, Usage] = {}
    for step_index, usage in kept:
        usages[step_index] = usages.get(step_index, Usage()) + usage
    return usages


def unjudgeable(record: EpisodeRecord, *, is_anew: bool) -> str | None:
    """Say why an episode has no return, whatever the rewards; None where it has one.

    Args:
        record: The episode.
        is_anew: The verifier is run anew: then it is no matter that it, or another reward, failed in play.
    """
    episode = record.episode
    lacked_verdict_alone = is_anew and episode.error_type in (VerifierError.__name__, RewardError.__name__)
    if episode.outcome not in (Outcome.COMPLETED, Outcome.TRUNCATED) and not lacked_verdict_alone:
        return f"it ended as {episode.outcome}: no verdict belongs to it"
    if is_anew and episode.verification == "in_place":
        return "its final state was judged in place: more than the files that are stored of it had a say"
    return None if record.steps else "it has no steps"


def stored_verdict(record: EpisodeRecord) -> VerifierResult | None:
    """Return the verdict that was given in play; None where the dataset holds none."""
    reward = record.episode.rewards.get("verifier")
    return None if reward is None else VerifierResult(reward, {"reward": reward}, duration_s=record.episode.verify_s)


def judged(
    record: EpisodeRecord, verdict: VerifierResult, rewards: list[Reward], changes: Changes | None
) -> dict[str, float]:
    """Return the sums of the named reward terms of an episode; they sum to its return.

    Args:
        record: The episode, with steps.
        verdict: On its final state.
        rewards: As `apply_rewards` takes them.
        changes: What the episode did to the files.

    Raises:
        ConfigError: A reward is unknown, or has wrong arguments.
        TrajectoryError: A reward's terms are not what it added.
    """
    env = apply_rewards(cast("gym.Env[Any, Any]", StoredEpisode(record, verdict, changes)), rewards)
    env.reset()
    sums: dict[str, float] = {}
    total = 0.0
    for step in record.steps:
        _, reward, _, _, info = env.step(step.action)
        total += float(reward)
        terms: Mapping[str, float] = info["reward_terms"]
        for name, value in terms.items():
            sums[name] = sums.get(name, 0.0) + float(value)
    if abs(total - sum(sums.values())) > 1e-6 * max(1.0, abs(total)):
        raise TrajectoryError(f"the reward terms {sums} don't sum to the return {total}: a reward adds without a name")
    return sums
