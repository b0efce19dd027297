"""Any JSON."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np

from claudebox_rl.env.spaces.text import UnicodeText
from claudebox_rl.env.spaces.unsized import UnsizedSpace

_SAMPLE_DEPTH = 2
_SAMPLE_SIZE = 3


class JsonValue(UnsizedSpace[Any]):
    """All that JSON can say: null, booleans, finite numbers, strings, lists, and objects with strings as names.

    Args:
        objects_only: Only objects, which hold any JSON.
        seed: Of `sample`.
    """

    def __init__(self, *, objects_only: bool = False, seed: int | np.random.Generator | None = None) -> None:
        super().__init__(dtype=object, seed=seed)
        self.objects_only = objects_only
        self._text = UnicodeText(8)

    def sample(self, mask: Any = None, probability: Any = None) -> Any:
        """Return a small random value, nested at most two deep.

        Raises:
            ValueError: A mask or probabilities were given; there is no finite set to choose from.
        """
        self._refuse_choice(mask, probability)
        self._text.seed(int(self.np_random.integers(1 << 31)))
        return self._draw_object(_SAMPLE_DEPTH) if self.objects_only else self._draw(_SAMPLE_DEPTH)

    def contains(self, x: Any) -> bool:
        """Return whether `x` is such JSON. Takes time in proportion to its size."""
        return _is_json(x) and (isinstance(x, dict) or not self.objects_only)

    def _draw(self, depth: int) -> Any:
        kind = int(self.np_random.integers(7 if depth else 5))
        match kind:
            case 0:
                return None
            case 1:
                return bool(self.np_random.integers(2))
            case 2:
                return int(self.np_random.integers(-1000, 1000))
            case 3:
                return float(self.np_random.normal())
            case 4:
                return self._text.sample()
            case 5:
                return [self._draw(depth - 1) for _ in range(self._size())]
            case _:
                return self._draw_object(depth)

    def _draw_object(self, depth: int) -> dict[str, Any]:
        return {self._text.sample(): self._draw(depth - 1) for _ in range(self._size())}

    def _size(self) -> int:
        return int(self.np_random.integers(_SAMPLE_SIZE + 1))

    def __repr__(self) -> str:
        return f"JsonValue(objects_only={self.objects_only})"

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, JsonValue) and self.objects_only == other.objects_only

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # spaces are mutable: they hold a generator


def _is_json(x: Any) -> bool:
    if x is None or isinstance(x, str | bool | int):
        return True
    if isinstance(x, float):
        return math.isfinite(x)
    if isinstance(x, list):
        return all(map(_is_json, cast("list[Any]", x)))
    if isinstance(x, dict):
        fields = cast("dict[Any, Any]", x)
        return all(isinstance(name, str) for name in fields) and all(map(_is_json, fields.values()))
    return False
