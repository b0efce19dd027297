"""Dense progress: how many more of the task's tests pass after a step than before it."""

from __future__ import annotations

import math
from typing import Any

import gymnasium as gym

from claudebox_rl._stages import StageClock, clocked
from claudebox_rl.errors import ConfigError, RewardError
from claudebox_rl.rewards.wrappers.term import RewardTerm
from claudebox_rl.types import SUBMIT, VerifierResult

_TOTAL = "reward"
"""The name of the total in reward.json, which is no test."""


def share_passed(verdict: VerifierResult) -> float:
    """Return the share of the tests that pass: the mean of the named parts, 0 to 1 each; without parts, the verdict."""
    parts = [min(1.0, max(0.0, value)) for name, value in verdict.rewards.items() if name != _TOTAL]
    return math.fsum(parts) / len(parts) if parts else verdict.reward


class TestsPassedDelta(RewardTerm):
    """Adds `coef * (share of tests that pass after the step - share before it)`.

    Range: `-coef` to `coef`; the terms of an episode sum to `coef * (last share - first share)`, so that to break what
    works and mend it again earns nothing. Source: the task's verifier, of whose reward.json each part but the total is
    a test; without parts the verdict is the share.

    Before the first step and after each one but the last, a fork of the machine is handed in and judged, as the episode
    itself is at its end; it is then thrown away. So the tests never come near the machine in which the agent works, and
    processes that it left in the background are not there. A step takes as much longer as a fork and the verifier do.

    Args:
        env: The environment to wrap, in the user's or the shell's seat.
        coef: Worth of all tests.

    Raises:
        ConfigError: `coef` is not finite, or the seat's agent is at work between steps, so that it can't be forked.
    """

    __test__ = False
    """For pytest, which would take the class for a test."""
    name = "tests_passed_delta"
    needs_machine = True

    def __init__(self, env: gym.Env[Any, Any], *, coef: float = 1.0) -> None:
        if not math.isfinite(coef):
            raise ConfigError(f"{self.name}: coef must be finite, not {coef}")
        if not getattr(env.unwrapped, "can_fork", True):
            raise ConfigError(
                f"{self.name} runs tests between steps, when the agent is at work in this seat: play seat=user or "
                f"seat=shell"
            )
        super().__init__(env, coef=coef)
        self.coef = coef
        self._before: float | None = None

    def begin(self, observation: dict[str, Any], info: dict[str, Any]) -> None:
        """Run the tests on the task as it is given.

        Raises:
            RewardError: The environment can't be forked.
            VerifierError: The verifier gave no verdict.
            SandboxStartError: The fork's machine did not start.
        """
        self._before = self._share()

    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float | None:
        """Return how much the share grew; raises as `begin`."""
        if self._before is None:
            raise RewardError(f"{self.name}: step() before reset(): what passed before the step is not known")
        verdict: VerifierResult | None = info.get("verifier")
        if ended and verdict is None:
            return None
        before, after = self._before, self._share() if verdict is None else share_passed(verdict)
        self._before = None if ended else after
        return self.coef * (after - before)

    def _share(self) -> float:
        base: Any = self.env.unwrapped
        if not hasattr(base, "fork"):
            raise RewardError(f"{self.name} needs a machine: {type(base).__name__} can't be forked")
        # The fork's time is its own: the stages of this episode have limits, and go on where they were.
        with clocked(StageClock({})):
            (heir,) = base.fork(1, seeds=[0])
            try:
                *_, info = heir.step(SUBMIT)
            finally:
                heir.close()
        return share_passed(info["verifier"])
