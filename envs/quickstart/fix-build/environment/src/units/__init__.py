"""Convert between units of length, mass and time."""

from units.convert import convert

__all__ = ["convert"]
