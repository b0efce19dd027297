"""The built-in rewards as functions, under the names that they have in the claudebox package."""

from __future__ import annotations

from claudebox_rl.rewards.code_quality import CodeQualityReward
from claudebox_rl.rewards.efficiency import EfficiencyReward
from claudebox_rl.rewards.safety import SafetyReward
from claudebox_rl.rewards.success import SuccessOnlyReward
from claudebox_rl.types import CodeResult


class BuiltinRewards:
    """Each built-in reward with its default settings; range, formula and source stand in its class."""

    @staticmethod
    def success_only(result: CodeResult) -> float | None:
        """Return what `SuccessOnlyReward` gives."""
        return SuccessOnlyReward()(result)

    @staticmethod
    def code_quality(result: CodeResult) -> float | None:
        """Return what `CodeQualityReward` gives.

        Raises:
            ConfigError: The analysers are not installed (extra `quality`).
        """
        return CodeQualityReward()(result)

    @staticmethod
    def efficiency(result: CodeResult) -> float | None:
        """Return what `EfficiencyReward` gives."""
        return EfficiencyReward()(result)

    @staticmethod
    def safety(result: CodeResult) -> float | None:
        """Return what `SafetyReward` gives."""
        return SafetyReward()(result)
