"""Errors."""


class QueryError(ValueError):
    """A query can't be read."""

    def __init__(self, message, position):
        super().__init__(message)
        self.position = position
