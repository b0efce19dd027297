"""The units and their sizes."""

import csv

from units.convert import UnitError


def _read():
    with open("src/units/data/factors.csv", newline="") as file:
        return {row["name"]: (row["kind"], float(row["factor"])) for row in csv.DictReader(file)}


_UNITS = _read()


def kind(name):
    """Return `length`, `mass` or `time`."""
    return _unit(name)[0]


def factor(name):
    """Return the size of a unit in the base unit of its kind."""
    return _unit(name)[1]


def _unit(name):
    if name not in _UNITS:
        raise UnitError(f"unknown unit {name}")
    return _UNITS[name]
