"""Repeating what failed."""

from retrying.policy import Policy
from retrying.runner import Runner

__all__ = ["Policy", "Runner"]
