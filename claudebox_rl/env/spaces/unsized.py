"""What spaces of values without a fixed size have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import gymnasium as gym

Value = TypeVar("Value")


class UnsizedSpace(gym.Space[Value]):
    """Base of spaces whose values are JSON as they are and can't be flattened into an array."""

    @property
    def is_np_flattenable(self) -> bool:
        """False: values have no fixed size."""
        return False

    def to_jsonable(self, sample_n: Iterable[Value]) -> list[Any]:
        """Return the values as they are."""
        return list(sample_n)

    def from_jsonable(self, sample_n: list[Any]) -> list[Any]:
        """Return the values as they are."""
        return list(sample_n)

    def _refuse_choice(self, mask: Any, probability: Any) -> None:
        if mask is not None or probability is not None:
            raise ValueError(f"{type(self).__name__} can't be sampled with a mask or probabilities")

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # spaces are mutable: they hold a generator
