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

REWARDS = {
    "code_quality": "claudebox_rl.rewards.judged:CodeQualityTerm",
    "efficiency": "claudebox_rl.rewards.judged:EfficiencyTerm",
    "safety": "claudebox_rl.rewards.judged:SafetyTerm",
    "step_penalty": "claudebox_rl.rewards.step_penalty:StepPenalty",
    "success": "claudebox_rl.rewards.judged:SuccessTerm",
}
Reward = str | dict[str, Any] | RewardConfig
"""A name, or the fields of `RewardConfig`."""


def apply_rewards(env: gym.Env[Any, Any], rewards: Reward | Sequence[Reward]) -> gym.Env[Any, Any]:
    """Wrap an environment, the first reward innermost.

    Args:
        env: The environment.
        rewards: One or several.

    Raises:
        ConfigError: An unknown name (the message lists the known ones) or wrong arguments.
    """
    for config in reward_configs(rewards):
        wrapper = resolve("reward", config.name, REWARDS)
        try:
            env = wrapper(env, **config.kwargs)
        except TypeError as error:
            raise ConfigError(f"reward={config.name}: {error}") from error
    return env


def needs_changes(rewards: Reward | Sequence[Reward]) -> bool:
    """Say whether one of the rewards looks at what prompts did to the files.

    Raises:
        ConfigError: As `apply_rewards`.
    """
    return any(getattr(wrapper, "needs_changes", False) for wrapper in reward_kinds(rewards))


def reward_kinds(rewards: Reward | Sequence[Reward]) -> list[type[gym.Wrapper[Any, Any, Any, Any]]]:
    """Return the wrappers' classes.

    Raises:
        ConfigError: A name is unknown.
    """
    return [resolve("reward", config.name, REWARDS) for config in reward_configs(rewards)]


def reward_configs(rewards: Reward | Sequence[Reward]) -> list[RewardConfig]:
    """Return names and arguments.

    Raises:
        ConfigError: A field is unknown, or has a wrong type.
    """
    several = [rewards] if isinstance(rewards, str | dict | RewardConfig) else rewards
    return [parse(RewardConfig, reward, key="name", where="reward") for reward in several]


__all__ = [
    "REWARDS",
    "BuiltinRewards",
    "CodeQualityReward",
    "CustomReward",
    "EfficiencyReward",
    "Reward",
    "RewardFunction",
    "RewardTerm",
    "SafetyReward",
    "SuccessOnlyReward",
    "apply_rewards",
    "combine_rewards",
    "needs_changes",
    "reward_configs",
    "reward_kinds",
]
