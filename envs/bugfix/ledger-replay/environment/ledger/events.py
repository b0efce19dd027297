"""Events."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Moved:
    """An amount went to an account, from another one or from outside (None)."""

    key: str
    source: str | None
    target: str
    amount: int
