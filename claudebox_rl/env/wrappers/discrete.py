"""A short list of actions to choose from by number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import gymnasium as gym

from claudebox_rl.errors import ClaudeBoxError, ConfigError

_FIELD = re.compile(r"\{(\w+)\}")


class DiscreteActions(gym.ActionWrapper[Any, int, Any], gym.utils.RecordConstructorArgs):
    """Turns the environment's actions into `Discrete(len(actions))`, for any seat.

    ```python
    env = DiscreteActions(gym.make("ClaudeBoxShell-v0"), ["ls", "python3 -m pytest -q", "bash fix.sh", SUBMIT])
    ```

    Args:
        env: The environment to wrap.
        actions: What each number stands for, in the form of the environment's own actions. A text in it may name
            texts of the last observation, as in `"Please do this: {instruction}"`; other braces stay as they are.

    Raises:
        ConfigError: There is no action, or one is none of the environment's.
    """

    def __init__(self, env: gym.Env[Any, Any], actions: Sequence[Any]) -> None:
        gym.utils.RecordConstructorArgs.__init__(self, actions=list(actions))
        super().__init__(env)
        if not actions:
            raise ConfigError("DiscreteActions needs at least one action")
        for index, action in enumerate(actions):
            if action not in env.action_space:
                raise ConfigError(f"actions[{index}] is no action of this environment: {action!r:.200}", index=index)
        self.actions = tuple(actions)
        self.action_space = gym.spaces.Discrete(len(actions))  # pyright: ignore[reportAttributeAccessIssue]
        self._observation: Mapping[str, Any] | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """See `gymnasium.Env.reset`."""
        self._observation, info = self.env.reset(seed=seed, options=options)
        return self._observation, info

    def step(self, action: int) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """See `gymnasium.Env.step`."""
        stepped = self.env.step(self.action(action))
        self._observation = stepped[0]
        return stepped

    def action(self, action: int) -> Any:
        """Return what a number stands for, with the texts of the last observation in it.

        Raises:
            ClaudeBoxError: `reset` was never called.
        """
        if self._observation is None:
            raise ClaudeBoxError("step() before reset(): call reset()")
        return _filled(self.actions[int(action)], self._observation)


def _filled(value: Any, observation: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return _FIELD.sub(lambda match: _text(match, observation), value)
    if isinstance(value, Mapping):
        return {name: _filled(item, observation) for name, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_filled(item, observation) for item in cast("Sequence[Any]", value)]
    return value


def _text(match: re.Match[str], observation: Mapping[str, Any]) -> str:
    found = observation.get(match[1])
    return found if isinstance(found, str) else match[0]
