"""The pattern of a reward: a wrapper that adds named terms to the reward of each step."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar

import gymnasium as gym

from claudebox_rl.errors import ClaudeBoxError, RewardError

_KEPT = ("result", "model_calls", "workspace")


class RewardTerm(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Adds `term()` to the reward and notes it in `info["reward_terms"]` under `name`; the terms sum to the reward.

    A subclass takes JSON-able keyword arguments only and passes them on, so that `gym.make(env.spec)` rebuilds the
    stack on another machine. It changes neither what is observed nor how the episode ends.

    Args:
        env: The environment to wrap.
        **kwargs: The subclass's own arguments, to be recorded.
    """

    name: str
    """Of its term."""
    needs_changes: ClassVar[bool] = False
    """Whether it looks at `changes` of the results; the environment reads the files only then."""
    needs_refused: ClassVar[bool] = False
    """Whether it looks at `refused` of the results: a stored episode without them is no evidence."""
    needs_machine: ClassVar[bool] = False
    """Whether it looks into the machine between two steps, which no stored episode has."""
    is_verdict: ClassVar[bool] = False
    """Whether it is the verdict in other numbers, so that to compute it anew is to run the verifier anew."""
    replaces: str | None = None
    """Name of a term that it stands for: that one is taken out of the reward."""

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

    def terms(
        self, action: Any, observation: dict[str, Any], info: dict[str, Any], *, ended: bool
    ) -> Mapping[str, float | None]:
        """Return all its terms of one step by name; as `term`, for a reward that has several."""
        return {self.name: self.term(action, observation, info, ended=ended)}

    def notes(self) -> Mapping[str, Any]:
        """Return what else there is to tell of the last step's terms; it is put into `info`."""
        return {}

    def begin(self, observation: dict[str, Any], info: dict[str, Any]) -> None:
        """Forget the last episode; called with what the reset gave."""
        return

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset the environment, and forget the last episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        self.begin(observation, info)
        return observation, info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Step the environment and add the terms.

        Raises:
            RewardError: A term is no finite number, or could not be had though its evidence is there; the context has
                the step's `result`, `model_calls` and `workspace`, so that it can be stored and judged again.
        """
        observation, reward, terminated, truncated, info = self.env.step(action)
        there = self._there(action, observation, info, ended=terminated or truncated)
        terms: dict[str, float] = dict(info.get("reward_terms", {}))
        total = float(reward) - (terms.pop(self.replaces, 0.0) if self.replaces else 0.0)
        for name, value in there.items():
            terms[name] = terms.get(name, 0.0) + value
        told = {**info, **self.notes(), "reward_terms": terms}
        return observation, total + math.fsum(there.values()), terminated, truncated, told

    def _there(self, action: Any, observation: Any, info: dict[str, Any], *, ended: bool) -> dict[str, float]:
        """Return the terms that have evidence."""
        try:
            own = self.terms(action, observation, info, ended=ended)
            return {name: _finite(name, value) for name, value in own.items() if value is not None}
        except RewardError as error:
            error.context.update({name: info.get(name) for name in _KEPT if name in info})
            raise
        except ClaudeBoxError:
            raise
        except Exception as error:
            kept = {name: info.get(name) for name in _KEPT if name in info}
            raise RewardError(f"reward {self.name} failed: {type(error).__name__}: {error}", **kept) from error


def _finite(name: str, value: object) -> float:
    if not isinstance(value, Real) or not math.isfinite(value):
        raise RewardError(f"reward {name} gave {value!r:.80}, which is no finite number")
    return float(value)
