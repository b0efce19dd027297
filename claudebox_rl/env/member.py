"""One environment of a vector: when it is reset, and what a failure under it becomes."""

from __future__ import annotations

from typing import Any, NamedTuple

import gymnasium as gym
from gymnasium.vector import AutoresetMode

from claudebox_rl.env.base import ClaudeBoxEnv
from claudebox_rl.errors import ConfigError, TaskError
from claudebox_rl.types import Outcome

_STARTS = 3


class SubStep(NamedTuple):
    """What one environment gave to a step of the vector; its observation is the member's."""

    reward: float
    """NaN where the infrastructure failed: there is none."""
    terminated: bool
    truncated: bool
    info: dict[str, Any]
    start_error: Exception | None = None
    """Why no next episode could begin."""


class Member:
    """Plays episode after episode on one environment, in one thread at a time.

    Args:
        env: The environment, wrapped or not.
        mode: When it is reset.
    """

    def __init__(self, env: gym.Env[Any, Any], mode: AutoresetMode) -> None:
        self.env = env
        self.observation: Any = None
        """The last one; None before the first reset."""
        self._mode = mode
        self._over = True

    @property
    def needs_reset(self) -> bool:
        """Whether a step has to wait until somebody resets it."""
        return self.observation is None or (self._over and self._mode is not AutoresetMode.NEXT_STEP)

    def check_action(self, action: Any) -> None:
        """See `ClaudeBoxEnv.check_action`; an action that is going to be ignored may be anything."""
        base = self.env.unwrapped
        assert isinstance(base, ClaudeBoxEnv)
        if not self._over:
            base.check_action(action)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> dict[str, Any]:
        """Begin an episode; a machine that does not start is tried again.

        Raises:
            ClaudeBoxError: As `ClaudeBoxEnv.reset`, after three tries.
        """
        self._over = True
        for attempt in range(1, _STARTS + 1):
            try:
                self.observation, info = self.env.reset(seed=seed, options=options)
            except (ConfigError, TaskError):
                raise
            except Exception:
                if attempt == _STARTS:
                    raise
            else:
                self._over = False
                return info
        raise AssertionError

    def step(self, action: Any) -> SubStep:
        """Step or reset, as the mode says; failures are part of what is returned."""
        if self._over:
            try:
                return SubStep(0.0, False, False, self.reset())
            except Exception as error:
                return SubStep(float("nan"), False, True, _told(error, Outcome.INFRA_ERROR), error)
        played = self._play(action)
        self._over = played.terminated or played.truncated
        return self._next(played) if self._over and self._mode is AutoresetMode.SAME_STEP else played

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method, or read an attribute."""
        attribute = self.env.get_wrapper_attr(name)
        return attribute(*args, **kwargs) if callable(attribute) else attribute

    def _play(self, action: Any) -> SubStep:
        try:
            self.observation, reward, terminated, truncated, info = self.env.step(action)
        except ConfigError:
            raise
        except Exception as error:
            outcome = Outcome.of_error(error, begun=True)
            return SubStep(0.0 if outcome.valid_for_training else float("nan"), False, True, _told(error, outcome))
        return SubStep(float(reward), terminated, truncated, info)

    def _next(self, played: SubStep) -> SubStep:
        final = {"final_obs": self.observation, "final_info": played.info}
        try:
            return played._replace(info=self.reset() | final)
        except Exception as error:
            return played._replace(info=final, start_error=error)


def _told(error: Exception, outcome: Outcome) -> dict[str, Any]:
    """Return the info of a step that an error ended."""
    context: dict[str, Any] = getattr(error, "context", {})
    known = {name: context[name] for name in ("result", "model_calls") if name in context}
    return known | {"error": error, "outcome": str(outcome)}
