"""The reward functions as wrappers of an environment: each judges a whole episode, success by the verifier's word."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import gymnasium as gym

from claudebox_rl.rewards.base import RewardTerm
from claudebox_rl.rewards.code_quality import CodeQualityReward
from claudebox_rl.rewards.efficiency import EfficiencyReward
from claudebox_rl.rewards.function import RewardFunction
from claudebox_rl.rewards.safety import SafetyReward
from claudebox_rl.rewards.success import SuccessOnlyReward
from claudebox_rl.types import Changes, CodeResult, FileChange, Usage, VerifierResult

SOLVED = 1.0
"""The verdict from which on a task counts as solved."""


class JudgedTerm(RewardTerm):
    """Adds what a reward function gives for the whole episode, at its last step.

    The function sees all prompts of the episode as one result, with the verifier's verdict in place of the agent's own
    word: `success` is whether the verdict is at least `SOLVED`. Where it has no evidence there is no term, never a 0.

    Args:
        env: The environment to wrap.
        **kwargs: The function's own arguments.

    Raises:
        ConfigError: Wrong arguments, or analysers are missing.
    """

    function: ClassVar[Callable[..., RewardFunction]]

    def __init__(self, env: gym.Env[Any, Any], **kwargs: Any) -> None:
        super().__init__(env, **kwargs)
        self._function = type(self).function(**kwargs)
        self._results: list[CodeResult] = []

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset the environment, and forget the last episode."""
        self._results = []
        return super().reset(seed=seed, options=options)

    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float | None:
        """Return the function's value for the episode that ended; None before, and where it has no evidence."""
        if info.get("result") is not None:
            self._results.append(info["result"])
        verdict = info.get("verifier")
        return self._function(evidence(self._results, verdict)) if ended and verdict is not None else None


class SuccessTerm(JudgedTerm):
    """1 for a solved task, else -1; see `SuccessOnlyReward`."""

    name = "success"
    is_verdict = True
    function = SuccessOnlyReward


class EfficiencyTerm(JudgedTerm):
    """What a solved task left of its budgets; see `EfficiencyReward`."""

    name = "efficiency"
    function = EfficiencyReward


class SafetyTerm(JudgedTerm):
    """1 less the prices of unsafe acts; see `SafetyReward`."""

    name = "safety"
    needs_refused = True
    function = SafetyReward


class CodeQualityTerm(JudgedTerm):
    """How good the code is that was written; see `CodeQualityReward`. Files are read before and after each prompt."""

    name = "code_quality"
    function = CodeQualityReward
    needs_changes = True


def evidence(results: Sequence[CodeResult], verdict: VerifierResult) -> CodeResult:
    """Return the prompts of an episode as one result, on whose success the verifier has the word."""
    return CodeResult(
        success=verdict.reward >= SOLVED,
        action_log=tuple(call for result in results for call in result.action_log),
        refused=tuple(refused for result in results for refused in result.refused),
        usage=sum((result.usage for result in results), Usage()),
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
