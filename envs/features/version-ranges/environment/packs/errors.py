"""Errors."""


class VersionError(ValueError):
    """A text is no version, or no range of versions."""
