"""Exact decimals and cents."""

from decimal import Decimal

CENT = Decimal("0.01")


def to_cents(amount):
    """Round an amount to a whole number of cents."""
    return int(amount.quantize(CENT) / CENT)


def as_text(cents):
    """Write cents as an amount with two decimals."""
    return str((Decimal(cents) * CENT).quantize(CENT))
