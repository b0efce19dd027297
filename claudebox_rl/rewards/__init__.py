"""Rewards: functions of a prompt's result, and Gymnasium wrappers around the verifier's verdict, chosen by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym

from claudebox_rl._registry import resolve
from claudebox_rl.config import RewardConfig, parse
from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards.base import RewardTerm
from claudebox_rl.rewards.builtin import BuiltinRewards
from claudebox_rl.rewards.code_quality import CodeQualityReward
from claudebox_rl.rewards.efficiency import EfficiencyReward
from claudebox_rl.rewards.function import CustomReward, RewardFunction, combine_rewards
from claudebox_rl.rewards.safety import SafetyReward
from claudebox_rl.rewards.success import SuccessOnlyReward

REWARDS = {"step_penalty": "claudebox_rl.rewards.step_penalty:StepPenalty"}


def apply_rewards(env: gym.Env[Any, Any], rewards: Sequence[str | dict[str, Any] | RewardConfig]) -> gym.Env[Any, Any]:
    """Wrap an environment, the first reward innermost.

    Args:
        env: The environment.
        rewards: Names, or the fields of `RewardConfig`.

    Raises:
        ConfigError: An unknown name (the message lists the known ones) or wrong arguments.
    """
    for reward in rewards:
        config = parse(RewardConfig, reward, key="name", where="reward")
        wrapper = resolve("reward", config.name, REWARDS)
        try:
            env = wrapper(env, **config.kwargs)
        except TypeError as error:
            raise ConfigError(f"reward={config.name}: {error}") from error
    return env


__all__ = [
    "REWARDS",
    "BuiltinRewards",
    "CodeQualityReward",
    "CustomReward",
    "EfficiencyReward",
    "RewardFunction",
    "RewardTerm",
    "SafetyReward",
    "SuccessOnlyReward",
    "apply_rewards",
    "combine_rewards",
]
