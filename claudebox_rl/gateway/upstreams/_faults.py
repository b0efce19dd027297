"""Which fault a call meets: drawn by seed, so that the same calls meet the same faults again."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

FAULTS = ("delay", "429", "500", "529", "drop", "cut", "garbage", "hang", "stall")
"""`delay`: the answer comes late; a number: an API error of that status; `drop`: the connection is closed without an
answer; `cut`: it is closed inside the answer; `garbage`: the answer is not the API's; `hang`: no answer ever comes;
`stall`: the answer stops inside and never goes on."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What one call meets."""

    fault: str | None
    """One of `FAULTS`; None: it is answered as if nothing were in between."""
    delay_s: float
    """For `delay`."""
    fraction: float
    """For `cut` and `stall`: the part of the answer that still comes; at least 0 and below 1."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each fault is met, and how long a delay is."""

    by_fault: Mapping[str, float]
    """Probability of each; those that are not named are 0. Their sum is at most 1."""
    delay_s: tuple[float, float]
    """Shortest and longest delay."""

    def draw(self, seed: int, episode_id: str, index: int) -> Draw:
        """Draw for the call of that place in its episode, from 0."""
        random_ = random.Random(f"{seed}/{episode_id}/{index}")
        place, delay_s, fraction = random_.random(), random_.uniform(*self.delay_s), random_.random()
        for fault in FAULTS:
            place -= self.by_fault.get(fault, 0.0)
            if place < 0:
                return Draw(fault, delay_s, fraction)
        return Draw(None, delay_s, fraction)


def read_rates(rates: Any, delay_s: Any) -> Rates:
    """Check what a user gave.

    Args:
        rates: A probability for each fault by name, or one for all of them together, which share it evenly.
        delay_s: Shortest and longest delay.

    Raises:
        ValueError: A fault is unknown, a rate is no probability, their sum is above 1, or the delays are no range.
    """
    if not isinstance(rates, Mapping):
        rates = dict.fromkeys(FAULTS, _number(rates, "rates") / len(FAULTS))
    by_fault = {
        str(name): _number(rate, f"the rate of {name}") for name, rate in cast("Mapping[Any, Any]", rates).items()
    }
    if unknown := by_fault.keys() - set(FAULTS):
        raise ValueError(f"unknown faults {', '.join(sorted(unknown))}; known: {', '.join(FAULTS)}")
    if (total := math.fsum(by_fault.values())) > 1:
        raise ValueError(f"the rates must sum to at most 1, not {total:g}")
    given = cast("list[Any]", delay_s) if isinstance(delay_s, list | tuple) else []
    bounds = [_number(bound, "delay_s") for bound in given]
    if len(bounds) != 2 or bounds[0] > bounds[1]:
        raise ValueError(f"delay_s must be a shortest and a longest time in seconds, not {delay_s!r}")
    return Rates(by_fault, (bounds[0], bounds[1]))


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{what} must be a number of at least 0, not {value!r}")
    return float(value)
