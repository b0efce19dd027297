"""Wrappers that give an environment spaces of a fixed size, for learners that take no text."""

from __future__ import annotations

from claudebox_rl.env.wrappers.discrete import DiscreteActions
from claudebox_rl.env.wrappers.features import FeatureObservation

__all__ = ["DiscreteActions", "FeatureObservation"]
