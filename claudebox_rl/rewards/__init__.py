"""Rewards: functions of a prompt's result, and Gymnasium wrappers (`rewards.wrappers`), chosen by name."""

from __future__ import annotations

from claudebox_rl.rewards.builtin import BuiltinRewards
from claudebox_rl.rewards.code_quality import CodeQualityReward
from claudebox_rl.rewards.efficiency import EfficiencyReward
from claudebox_rl.rewards.function import CustomReward, RewardFunction, combine_rewards
from claudebox_rl.rewards.group import NormalizeGroupReward
from claudebox_rl.rewards.registry import (
    REWARDS,
    Reward,
    apply_rewards,
    needs_changes,
    reward_configs,
    reward_kinds,
    reward_names,
)
from claudebox_rl.rewards.rubric import RubricReward
from claudebox_rl.rewards.safety import SafetyReward
from claudebox_rl.rewards.success import SuccessOnlyReward
from claudebox_rl.rewards.wrappers.term import RewardTerm

__all__ = [
    "REWARDS",
    "BuiltinRewards",
    "CodeQualityReward",
    "CustomReward",
    "EfficiencyReward",
    "NormalizeGroupReward",
    "Reward",
    "RewardFunction",
    "RewardTerm",
    "RubricReward",
    "SafetyReward",
    "SuccessOnlyReward",
    "apply_rewards",
    "combine_rewards",
    "needs_changes",
    "reward_configs",
    "reward_kinds",
    "reward_names",
]
