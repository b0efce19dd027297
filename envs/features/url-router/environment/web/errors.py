"""Errors."""


class BadPath(ValueError):
    """A path can't be decoded."""


class NotFound(LookupError):
    """No route fits."""


class MethodNotAllowed(Exception):
    """Routes fit, but not for this method."""

    def __init__(self, allowed):
        super().__init__(f"allowed: {', '.join(allowed)}")
        self.allowed = allowed
