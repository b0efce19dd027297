"""From tokens to text while they come: whole characters only, and an end where a stop sequence begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_BROKEN = "\ufffd"


class Detokenizer:
    """Turns ids into text, piece by piece; all pieces together are the decoded ids.

    A token may hold a part of a character, so text that ends in the replacement character waits for more.

    Args:
        tokenizer: Of the model; used by one thread at a time.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._window: list[int] = []
        self._told, self._num_told = "", 0

    def step(self, token_id: int) -> str:
        """Return the text that `token_id` completes."""
        self._window.append(token_id)
        text = self._decode(self._window)
        return "" if text.endswith(_BROKEN) else self._tell(text)

    def rest(self) -> str:
        """Return what still waits, broken as it is."""
        return self._tell(self._decode(self._window))

    def _tell(self, text: str) -> str:
        # What was told last stays in view: some tokenizers write a token differently at the start of a text.
        piece = text[len(self._told) :]
        self._window = self._window[self._num_told :]
        self._told, self._num_told = self._decode(self._window), len(self._window)
        return piece

    def _decode(self, ids: Sequence[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


class StopScanner:
    """Lets text through up to the first stop sequence.

    Args:
        stops: Texts that end an answer.

    Attributes:
        met: The stop sequence that was met.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.met: str | None = None

    def feed(self, text: str) -> str:
        """Return what can be told; what may be the beginning of a stop sequence waits."""
        held = self._held + text
        found = [(held.index(stop), stop) for stop in self._stops if stop in held]
        if found:
            at, self.met = min(found)
            self._held = ""
            return held[:at]
        waits = max((_overlap(held, stop) for stop in self._stops), default=0)
        self._held = held[len(held) - waits :]
        return held[: len(held) - waits]

    def rest(self) -> str:
        """Return what still waits."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of `text` begin `stop`."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)
