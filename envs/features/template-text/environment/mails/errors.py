"""Errors."""


class TemplateError(ValueError):
    """A template can't be read, or its data isn't there."""
