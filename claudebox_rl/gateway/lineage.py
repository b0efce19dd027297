"""Which model call goes on from which: the prefix graph of an episode's conversations."""

from __future__ import annotations

import hashlib
import json
from typing import Any, cast


class Lineage:
    """Remembers the conversations that were asked about, by digests of their messages.

    Two conversations count as equal where only `cache_control` marks differ, or a text stands bare in one and as a
    block in the other: agents move the marks from call to call.
    """

    def __init__(self) -> None:
        self._calls: dict[bytes, str] = {}
        self._values: dict[str, Any] = {}

    def add(self, call_id: str, messages: list[Any], *, answered: bool) -> str | None:
        """Put a call into the graph and find its parent.

        Args:
            call_id: The call.
            messages: Those of its request.
            answered: A message came back. A call that got none is a parent only where no other fits.

        Returns:
            The latest earlier call whose messages are the longest proper prefix of these; None where there is none.
        """
        digests = _prefix_digests(messages)
        parent = next((self._calls[digest] for digest in reversed(digests[:-1]) if digest in self._calls), None)
        if digests and (answered or digests[-1] not in self._calls):
            self._calls[digests[-1]] = call_id
        return parent

    def share(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the request with parts that were seen before replaced by the equal earlier object.

        Every request repeats the conversation; this keeps an episode's memory linear in its length.
        """
        shared = {name: self._same(value) for name, value in request.items() if name != "messages"}
        return {**shared, "messages": [self._same(message) for message in request["messages"]]}

    def _same(self, value: Any) -> Any:
        if not isinstance(value, dict | list):
            return value
        digest = hashlib.sha256(json.dumps(value).encode()).hexdigest()
        return self._values.setdefault(digest, cast("Any", value))


def _prefix_digests(messages: list[Any]) -> list[bytes]:
    """Return a digest for each non-empty prefix of the messages."""
    digests: list[bytes] = []
    before = b""
    for message in messages:
        text = json.dumps(_plain(message), sort_keys=True)
        before = hashlib.sha256(before + text.encode()).digest()
        digests.append(before)
    return digests


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    content: Any = message.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if isinstance(content, list):
        content = [_unmarked(block) for block in cast("list[Any]", content)]
    return {**message, "content": content}


def _unmarked(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    return {name: value for name, value in cast("dict[str, Any]", block).items() if name != "cache_control"}
