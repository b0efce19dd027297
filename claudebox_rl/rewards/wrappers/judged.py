"""The reward functions as wrappers of an environment: each judges a whole episode, success by the verifier's word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from claudebox_rl._registry import resolve
from claudebox_rl.rewards import code_quality, efficiency, function, safety, success
from claudebox_rl.rewards.wrappers.term import RewardTerm
from claudebox_rl.types import Changes, CodeResult, FileChange, Usage, VerifierResult

SOLVED = 1.0
"""The verdict from which on a task counts as solved."""


class JudgedReward(RewardTerm):
    """Adds what a reward function gives for the whole episode, at its last step.

    The function sees all prompts of the episode as one result, with the verifier's verdict in place of the agent's own
    word (see `evidence`). Where it has no evidence there is no term, never a 0.

    Args:
        env: The environment to wrap.
        judge: Judges the episode.
        **kwargs: The subclass's own arguments, to be recorded.
    """

    def __init__(self, env: gym.Env[Any, Any], judge: function.RewardFunction, **kwargs: Any) -> None:
        super().__init__(env, **kwargs)
        self._judge = judge
        self._results: list[CodeResult] = []

    def begin(self, observation: dict[str, Any], info: dict[str, Any]) -> None:
        """Forget the last episode."""
        self._results = []

    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float | None:
        """Return the function's value for the episode that ended; None before, and where it has no evidence."""
        if info.get("result") is not None:
            self._results.append(info["result"])
        verdict = info.get("verifier")
        return self.value(evidence(self._results, verdict)) if ended and verdict is not None else None

    def value(self, result: CodeResult) -> float | None:
        """Return the function's value for the episode as one result."""
        return self._judge(result)


class SuccessReward(JudgedReward):
    """1 for a solved task (a verdict of at least 1), else -1; see `SuccessOnlyReward`."""

    name = "success"
    is_verdict = True

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env, success.SuccessOnlyReward())


class EfficiencyReward(JudgedReward):
    """What a solved task left of its budgets; arguments, range and formula as `claudebox_rl.rewards.EfficiencyReward`.

    Raises:
        ConfigError: A budget is not above 0, or there is none.
    """

    name = "efficiency"

    def __init__(self, env: gym.Env[Any, Any], **budgets: float | None) -> None:
        super().__init__(env, efficiency.EfficiencyReward(**budgets), **budgets)


class SafetyReward(JudgedReward):
    """1 less the prices of unsafe acts; range and formula as `claudebox_rl.rewards.SafetyReward`."""

    name = "safety"
    needs_refused = True

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env, safety.SafetyReward())


class CodeQualityReward(JudgedReward):
    """How good the code is that was written; range and formula as `claudebox_rl.rewards.CodeQualityReward`.

    Files are read before and after each prompt.

    Args:
        env: The environment to wrap.
        types: Have types checked.

    Raises:
        ConfigError: The analysers are not installed (extra `quality`).
    """

    name = "code_quality"
    needs_changes = True

    def __init__(self, env: gym.Env[Any, Any], *, types: bool = True) -> None:
        super().__init__(env, code_quality.CodeQualityReward(types=types), types=types)


class CustomReward(JudgedReward):
    """A function of your own on the whole episode.

    Range and formula are the function's. Source: whatever it looks at in the episode's `evidence`. Files are read
    before and after each prompt, so that it can see what was changed.

    Args:
        env: The environment to wrap.
        reward_fn: `module:function`, or a plug-in's name: from a `CodeResult` to a finite number, or None where the
            evidence is not there. It is imported where the environment is.
        name: Of its term.

    Raises:
        ConfigError: The function is not found, or the name is none.
    """

    needs_changes = True
    needs_refused = True

    def __init__(self, env: gym.Env[Any, Any], *, reward_fn: str, name: str = "custom") -> None:
        judge = function.CustomReward(resolve("reward_fn", reward_fn, {}), name=name)
        super().__init__(env, judge, reward_fn=reward_fn, name=name)
        self.name = name


def evidence(results: Sequence[CodeResult], verdict: VerifierResult) -> CodeResult:
    """Return the prompts of an episode as one result, on whose success and reward the verifier has the word.

    Args:
        results: Of the prompts, in order. The last answer that is one is the episode's.
        verdict: On the final state. It is `reward`; `reward_terms` has it as `verifier`, and each part that it names as
            `verifier.<part>`.
    """
    parts = {f"verifier.{name}": value for name, value in verdict.rewards.items()}
    return CodeResult(
        success=verdict.reward >= SOLVED,
        response=next((result.response for result in reversed(results) if result.response), ""),
        reward=verdict.reward,
        reward_terms={"verifier": verdict.reward, **parts},
        action_log=tuple(call for result in results for call in result.action_log),
        refused=tuple(refused for result in results for refused in result.refused),
        usage=sum((result.usage for result in results), Usage()),
        cost_usd=math.fsum(result.cost_usd for result in results),
        num_turns=sum(result.num_turns for result in results),
        duration_s=math.fsum(result.duration_s for result in results),
        changes=_joined([result.changes for result in results]),
    )


def _joined(changes: Sequence[Changes | None]) -> Changes | None:
    """Return what several prompts did to the files; None where that of one of them is not known."""
    files: dict[str, FileChange] = {}
    skipped: dict[str, None] = {}
    for each in changes:
        if each is None:
            return None
        skipped |= dict.fromkeys(each.skipped)
        for file in each.files:
            before = files[file.path].before if file.path in files else file.before
            files[file.path] = FileChange(file.path, before, file.after)
    changed = (files[path] for path in sorted(files) if files[path].before != files[path].after)
    return Changes(tuple(changed), tuple(skipped))
