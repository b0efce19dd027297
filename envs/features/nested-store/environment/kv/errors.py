"""Errors."""


class NoTransaction(Exception):
    """No transaction is open."""
