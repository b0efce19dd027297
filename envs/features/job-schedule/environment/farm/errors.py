"""Errors."""


class PlanError(ValueError):
    """Jobs that can't be planned."""
