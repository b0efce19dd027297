"""Rewards by name: from what a user asks for to wrappers around an environment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import gymnasium as gym

from claudebox_rl._registry import resolve
from claudebox_rl.config import RewardConfig, parse
from claudebox_rl.errors import ConfigError

REWARDS = {
    "clip": "claudebox_rl.rewards.wrappers.clip:ClipReward",
    "code_quality": "claudebox_rl.rewards.wrappers.judged:CodeQualityReward",
    "combined": "claudebox_rl.rewards.wrappers.combined:CombinedReward",
    "cost_penalty": "claudebox_rl.rewards.wrappers.penalties:CostPenalty",
    "custom": "claudebox_rl.rewards.wrappers.judged:CustomReward",
    "efficiency": "claudebox_rl.rewards.wrappers.judged:EfficiencyReward",
    "rubric": "claudebox_rl.rewards.wrappers.rubric:RubricReward",
    "safety": "claudebox_rl.rewards.wrappers.judged:SafetyReward",
    "shaping": "claudebox_rl.rewards.wrappers.shaping:PotentialShaping",
    "step_penalty": "claudebox_rl.rewards.wrappers.penalties:StepPenalty",
    "success": "claudebox_rl.rewards.wrappers.judged:SuccessReward",
    "tests_passed_delta": "claudebox_rl.rewards.wrappers.tests_passed:TestsPassedDelta",
    "time_penalty": "claudebox_rl.rewards.wrappers.penalties:TimePenalty",
    "verifier": "claudebox_rl.rewards.wrappers.verdict:VerifierReward",
}
Weights = Mapping[str, float | Mapping[str, Any]]
"""Weight of each reward by name; or `{"weight": ..., "kwargs": {...}}`, with its arguments."""
Reward = str | dict[str, Any] | RewardConfig
"""A name, the fields of `RewardConfig`, or `Weights`."""
Wrapper = gym.Wrapper[Any, Any, Any, Any]
_FIELDS = frozenset(RewardConfig.__dataclass_fields__)


def apply_rewards(env: gym.Env[Any, Any], rewards: Reward | Sequence[Reward]) -> gym.Env[Any, Any]:
    """Wrap an environment, the first reward innermost.

    Args:
        env: The environment.
        rewards: One or several.

    Raises:
        ConfigError: An unknown name (the message lists the known ones) or wrong arguments.
    """
    for config in reward_configs(rewards):
        env = make_reward(env, config)
    return env


def make_reward(env: gym.Env[Any, Any], config: RewardConfig) -> Wrapper:
    """Put one reward around an environment.

    Raises:
        ConfigError: As `apply_rewards`.
    """
    wrapper = resolve("reward", config.name, REWARDS)
    try:
        return wrapper(env, **config.kwargs)
    except TypeError as error:
        raise ConfigError(f"reward={config.name}: {error}") from error


def needs_changes(rewards: Reward | Sequence[Reward]) -> bool:
    """Say whether one of the rewards looks at what prompts did to the files.

    Raises:
        ConfigError: As `apply_rewards`.
    """
    return any(getattr(wrapper, "needs_changes", False) for wrapper in reward_kinds(rewards))


def reward_kinds(rewards: Reward | Sequence[Reward]) -> list[type[Wrapper]]:
    """Return the wrappers' classes, of a weighted sum those of its parts.

    Raises:
        ConfigError: A name is unknown.
    """
    return [resolve("reward", config.name, REWARDS) for config in _parts(rewards)]


def reward_names(rewards: Reward | Sequence[Reward]) -> list[str]:
    """Return the rewards' names, of a weighted sum those of its parts.

    Raises:
        ConfigError: As `reward_configs`.
    """
    return [config.name for config in _parts(rewards)]


def reward_configs(rewards: Reward | Sequence[Reward]) -> list[RewardConfig]:
    """Return names and arguments; weights become one `combined`.

    Raises:
        ConfigError: A field is unknown, or has a wrong type.
    """
    several = [rewards] if isinstance(rewards, str | Mapping | RewardConfig) else rewards
    return [_config(reward) for reward in several]


def weighted(rewards: Weights) -> list[tuple[RewardConfig, float]]:
    """Return each reward of a weighted sum, with its weight.

    Raises:
        ConfigError: There is none, a weight is not finite, or a field is unknown.
    """
    if not rewards:
        raise ConfigError("combined: give at least one reward: {verifier: 1, efficiency: 0.2}")
    return [_weighted(name, given) for name, given in rewards.items()]


def _weighted(name: str, given: float | Mapping[str, Any]) -> tuple[RewardConfig, float]:
    fields: dict[str, Any] = dict(given) if isinstance(given, Mapping) else {"weight": given}
    weight = fields.pop("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
        raise ConfigError(f"reward={name}: a weight is a finite number, not {weight!r:.80}", field=name)
    return parse(RewardConfig, fields | {"name": name}, key="name", where=f"reward.{name}"), float(weight)


def _config(reward: Reward) -> RewardConfig:
    if isinstance(reward, Mapping) and not reward.keys() & _FIELDS:
        weighted(cast("Weights", reward))
        return RewardConfig("combined", {"rewards": dict(reward)})
    return parse(RewardConfig, reward, key="name", where="reward")


def _parts(rewards: Reward | Sequence[Reward]) -> Iterator[RewardConfig]:
    for config in reward_configs(rewards):
        if config.name == "combined":
            yield from (part for part, _ in weighted(config.kwargs.get("rewards", {})))
        else:
            yield config
