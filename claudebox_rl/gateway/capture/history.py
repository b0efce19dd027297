"""The conversations of an episode as one tree of messages, in which what they have in common stands once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast

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

    def after(self, message: Any) -> Place[Mark]:
        """Return the place of a message that follows; made where it is new."""
        # Nearly every message was the latest here before. To see that costs no copy and no digest.
        if self._latest is None or not self._latest.is_spelled(message):
            digest = _digest(message)
            self._latest = self._digests.get(digest) or self._digests.setdefault(digest, Place(self))
        return self._latest

    def is_spelled(self, message: Any) -> bool:
        """Whether the message came in exactly this form before."""
        return any(known == message for known in self._spellings)

    def share(self, message: Any) -> Any:
        """Return the equal object that came before, else this one, which is kept."""
        for known in self._spellings:
            if known == message:
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
            place = place.after(message)
            shared.append(place.share(message))
        return shared, place


def _digest(message: Any) -> bytes:
    plain = {**message, "content": plain_content(message)}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).digest()


def plain_content(message: Mapping[str, Any]) -> Any:
    """Return a message's content as the model reads it: a bare text as a block, no `cache_control` marks."""
    content: Any = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if isinstance(content, list):
        return [_unmarked(block) for block in cast("list[Any]", content)]
    return content


def _unmarked(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    return {name: value for name, value in cast("dict[str, Any]", block).items() if name != "cache_control"}
