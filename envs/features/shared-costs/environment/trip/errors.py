"""Errors."""


class CostError(ValueError):
    """An expense or balances that can't be."""
