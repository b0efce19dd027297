"""The pattern of a reward: a wrapper that adds one named term to the reward of each step."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import gymnasium as gym


class RewardTerm(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Adds `term()` to the reward and notes it in `info["reward_terms"]` under `name`; the terms sum to the reward.

    A subclass takes JSON-able keyword arguments only and passes them on, so that `gym.make(env.spec)` rebuilds the
    stack on another machine.

    Args:
        env: The environment to wrap.
        **kwargs: The subclass's own arguments, to be recorded.
    """

    name: ClassVar[str]
    needs_changes: ClassVar[bool] = False
    """Whether it looks at `changes` of the results; the environment reads the files only then."""
    needs_refused: ClassVar[bool] = False
    """Whether it looks at `refused` of the results: a stored episode without them is no evidence."""
    is_verdict: ClassVar[bool] = False
    """Whether it is the verdict in other numbers, so that to compute it anew is to run the verifier anew."""

    def __init__(self, env: gym.Env[Any, Any], **kwargs: Any) -> None:
        gym.utils.RecordConstructorArgs.__init__(self, **kwargs)
        gym.Wrapper.__init__(self, env)

    @abstractmethod
    def term(self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool) -> float | None:
        """Return this term of one step, from what the step gave; None where there is nothing to judge.

        Args:
            action: What the policy did.
            observation: What came back.
            info: The step's `info`; read only.
            ended: Whether the episode ended with this step.
        """

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Step the environment and add the term."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        term = self.term(action, observation, info, ended=terminated or truncated)
        if term is None:
            return observation, float(reward), terminated, truncated, info
        terms = {**info.get("reward_terms", {}), self.name: term}
        return observation, float(reward) + term, terminated, truncated, {**info, "reward_terms": terms}
