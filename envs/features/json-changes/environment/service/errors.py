"""Errors."""


class ChangeError(ValueError):
    """A pointer leads nowhere, or a patch can't be applied."""
