"""Any text.

`gymnasium.spaces.Text` takes milliseconds to check a prompt and rejects most text: `UnicodeText` does neither.
"""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from claudebox_rl.env.spaces.unsized import UnsizedSpace

_SAMPLE_LENGTH = 32
_SAMPLE_CHARACTERS = string.ascii_letters + string.digits + " .,;:!?äßéλЖ中🙂\n"


class UnicodeText(UnsizedSpace[str]):
    """All strings between two lengths, in code points.

    Args:
        max_length: Most code points.
        min_length: Fewest code points.
        seed: Of `sample`.
    """

    def __init__(
        self, max_length: int = 1_000_000, *, min_length: int = 0, seed: int | np.random.Generator | None = None
    ) -> None:
        if not 0 <= min_length <= max_length:
            raise ValueError(f"need 0 <= min_length <= max_length, not {min_length} and {max_length}")
        self.min_length = min_length
        self.max_length = max_length
        super().__init__(dtype=str, seed=seed)

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """Return a short random text of at most 32 code points, letters beyond ASCII among them.

        Raises:
            ValueError: A mask or probabilities were given; there is no finite set to choose from.
        """
        self._refuse_choice(mask, probability)
        longest = min(max(_SAMPLE_LENGTH, self.min_length), self.max_length)
        length = int(self.np_random.integers(self.min_length, longest, endpoint=True))
        picks = self.np_random.integers(len(_SAMPLE_CHARACTERS), size=length)
        return "".join(_SAMPLE_CHARACTERS[i] for i in picks)

    def contains(self, x: Any) -> bool:
        """Return whether `x` is a string of an allowed length. Takes under a microsecond whatever the length."""
        return isinstance(x, str) and self.min_length <= len(x) <= self.max_length

    def __repr__(self) -> str:
        return f"UnicodeText({self.max_length}, min_length={self.min_length})"

    def __eq__(self, other: Any) -> bool:
        return (
            isinstance(other, UnicodeText)
            and self.min_length == other.min_length
            and self.max_length == other.max_length
        )

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # spaces are mutable: they hold a generator
