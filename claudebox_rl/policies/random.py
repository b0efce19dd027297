"""Actions drawn from the action space: what a learner starts from, and a test of environments."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from claudebox_rl.errors import ConfigError
from claudebox_rl.policies.policy import Place
from claudebox_rl.types import SUBMIT


class RandomPolicy:
    """Samples the action space.

    Args:
        place: Where it plays; the same seed gives the same actions.
        submit_probability: How often it submits instead, in seats where that is an action; 0 to 1.

    Raises:
        ConfigError: The probability is none.
    """

    def __init__(self, place: Place, *, submit_probability: float = 0.1) -> None:
        if not 0 <= submit_probability <= 1:
            raise ConfigError(f"policy random: submit_probability must be 0 to 1, not {submit_probability}")
        self._space = copy.deepcopy(place.action_space)
        self._space.seed(place.seed)
        self._draws = np.random.default_rng(place.seed)
        self._submits = submit_probability if place.can_submit else 0.0

    def __call__(self, observation: dict[str, Any]) -> Any:
        """Return a random action, whatever is seen."""
        return SUBMIT if self._draws.random() < self._submits else self._space.sample()
