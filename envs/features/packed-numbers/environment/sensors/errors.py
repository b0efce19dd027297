"""Errors."""


class PackError(ValueError):
    """A message can't be read."""
