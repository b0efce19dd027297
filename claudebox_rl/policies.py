"""Policies: from an observation to an action, each for one seat."""

from __future__ import annotations

from typing import Any, Protocol

from claudebox_rl._registry import resolve
from claudebox_rl.types import SUBMIT

POLICIES = {
    "instruct": "claudebox_rl.policies:instruct",
    "submit": "claudebox_rl.policies:submit",
}


class Policy(Protocol):
    """Chooses the next action. Stateless, or made anew for each episode."""

    def __call__(self, observation: dict[str, Any]) -> Any:
        """Return an action.

        Args:
            observation: As the environment's seat gives it (see `claudebox_rl.env.seats`).
        """
        ...


def instruct(observation: dict[str, Any]) -> str:
    """Give the task's instruction once, then submit: the plain evaluation of an agent."""
    return observation["instruction"] if observation["facts"][0] == 0 else SUBMIT


def submit(observation: dict[str, Any]) -> str:
    """Submit at once, in the user's or the shell's seat: what is there before any work is worth."""
    return SUBMIT


def find_policy(name: str) -> Policy:
    """Return the policy of that name.

    Raises:
        ConfigError: Unknown name (the message lists the known ones).
    """
    return resolve("policy", name, POLICIES)
