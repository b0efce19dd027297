"""Plans of callers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """What a caller may do: `burst` calls at once, and `calls` more in each `period_ms`, evenly spread."""

    burst: int
    calls: int
    period_ms: int

    def __post_init__(self):
        if min(self.burst, self.calls, self.period_ms) < 1:
            raise ValueError(f"not a plan: {self}")
