"""Whether the agent came to an end of its own."""

from __future__ import annotations

from claudebox_rl.rewards.function import RewardFunction
from claudebox_rl.types import CodeResult


class SuccessOnlyReward(RewardFunction):
    """1 where the prompt succeeded, else -1.

    Range: -1 or 1. Formula: `1 if result.success else -1`. Source: how the agent's process ended the prompt, so the
    agent's own word for it: whether the work is right is the verifier's to say (`judge=True`). None where the model's
    endpoint failed.
    """

    name = "success"

    def measure(self, result: CodeResult) -> float | None:
        """Return 1 or -1."""
        return 1.0 if result.success else -1.0
