"""The conversations of an episode as one tree of messages, in which what they have in common stands once."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Generic, TypeVar

from claudebox_rl.message_content import plain_content

Mark = TypeVar("Mark")
_SPELLINGS_KEPT = 4
"""Agents move their `cache_control` marks from call to call, so a message comes with and without."""


class Place(Generic[Mark]):
    """A message after those that came before it.

    Attributes:
        before: The place of the message before; None at the tree's root.
        marks: What was put here, oldest first.
    """

    __slots__ = ("_digests", "_latest", "_spellings", "before", "marks")

    def __init__(self, before: Place[Mark] | None) -> None:
        self.before = before
        self.marks: list[Mark] = []
        self._spellings: list[Any] = []
        self._digests: dict[bytes, Place[Mark]] = {}
        self._latest: Place[Mark] | None = None

    def after(self, message: Any) -> tuple[Any, Place[Mark]]:
        """Return a message that follows, as the object that it was when it came before, and its place."""
        # Nearly every message was the latest here before. To see that costs no copy and no digest.
        if self._latest is not None and (known := self._latest.spelled(message)) is not None:
            return known, self._latest
        digest = _digest(message)
        self._latest = self._digests.get(digest) or self._digests.setdefault(digest, Place(self))
        return self._latest.spell(message), self._latest

    def spelled(self, message: Any) -> Any | None:
        """Return the equal object that came before; None where the message never came in exactly this form."""
        for known in self._spellings:
            if known == message:
                return known
        return None

    def spell(self, message: Any) -> Any:
        """Return the equal object that came before, else this one, which is kept."""
        if (known := self.spelled(message)) is not None:
            return known
        self._spellings = [message, *self._spellings[: _SPELLINGS_KEPT - 1]]
        return message


class History(Generic[Mark]):
    """Remembers conversations.

    Two messages count as equal where only `cache_control` marks differ, or a text stands bare in one and as a block in
    the other.
    """

    def __init__(self) -> None:
        self._root: Place[Mark] = Place(None)

    def walk(self, messages: list[Any]) -> tuple[list[Any], Place[Mark]]:
        """Follow a conversation to its end.

        Returns:
            The same messages, with each that was seen before as the object that it was then; and the last one's place.
        """
        place, shared = self._root, list[Any]()
        for message in messages:
            known, place = place.after(message)
            shared.append(known)
        return shared, place


def _digest(message: Any) -> bytes:
    plain = {**message, "content": plain_content(message)}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).digest()
