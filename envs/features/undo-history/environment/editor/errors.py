"""Errors."""


class EditorError(Exception):
    """That can't be done now."""
