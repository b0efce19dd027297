"""Conversion of numbers."""

from units.table import factor, kind


class UnitError(ValueError):
    """Two units can't be converted into each other."""


def convert(value, source, target):
    """Return `value`, given in `source`, in `target`.

    Raises:
        UnitError: One of the units is unknown, or they are of different kinds.
    """
    if kind(source) != kind(target):
        raise UnitError(f"can't convert {source} to {target}")
    return value * factor(source) / factor(target
