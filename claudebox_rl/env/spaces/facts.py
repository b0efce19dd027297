"""Named numbers, as a vector."""

from __future__ import annotations

from collections.abc import Sequence

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

_LARGEST = 1e15  # exact in a float64, and Gymnasium warns of infinite bounds


def facts_space(names: Sequence[str]) -> gym.spaces.Box:
    """Return the space of named numbers, all at least 0, in the order of `names`."""
    return gym.spaces.Box(0.0, _LARGEST, (len(names),), np.float64)


def facts(names: Sequence[str], **values: float) -> NDArray[np.float64]:
    """Return the named numbers as an array of shape `(len(names),)`, in the order of `names`."""
    return np.array([values[name] for name in names], dtype=np.float64)
