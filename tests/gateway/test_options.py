from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.options import read_options


@dataclass(frozen=True)
class Options:
    name: str
    ratio: float = 1.0
    count: int | None = None
    flag: bool = False
    anything: Any = None


def test_values_of_each_kind_are_taken():
    given = {"name": "x", "ratio": 2, "count": 0, "flag": True, "anything": [1]}
    assert read_options(Options, "some", given) == Options("x", 2, 0, True, [1])
    assert read_options(Options, "some", {"name": "x", "ratio": None, "count": None}) == Options("x")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "option name is missing"),
        ({"name": " "}, "must be a text that is not empty"),
        ({"name": "x", "ratio": 0}, "must be a number above 0"),
        ({"name": "x", "count": -1}, "must be a whole number, 0 or more"),
        ({"name": "x", "count": True}, "must be a whole number"),
        ({"name": "x", "count": 1.5}, "must be a whole number"),
        ({"name": "x", "flag": 1}, "must be true or false"),
        ({"name": "x", "other": 1}, "unknown option 'other'"),
    ],
)
def test_what_does_not_fit_is_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        read_options(Options, "some", given)
