"""The contract of a policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium as gym


class Policy(Protocol):
    """Chooses the next action: a plain function, or an object that is made anew for each episode.

    One that holds connections has a method `close`, too.
    """

    def __call__(self, observation: dict[str, Any]) -> Any:
        """Return an action.

        Args:
            observation: As the environment's seat gives it (see `claudebox_rl.env.seats`).

        Raises:
            ClaudeBoxError: It can't; the episode ends as one that the infrastructure lost.
        """
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a policy plays one episode."""

    seat: str
    """`user`, `model`, `tool` or `shell`."""
    action_space: gym.Space[Any]
    """The environment's own; not to be changed."""
    seed: int | None = None
    """What the policy draws follows from it; None: anything."""

    @property
    def can_submit(self) -> bool:
        """Whether `SUBMIT` is an action there; in the other seats the episode ends with the agent's work."""
        return self.seat in ("user", "shell")
