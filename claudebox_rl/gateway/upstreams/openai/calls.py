"""Tool calls that come in pieces, as blocks of an assistant message."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from claudebox_rl.gateway.message_stream import Event, MessageStream
from claudebox_rl.gateway.upstreams.openai.blocks import blocks
from claudebox_rl.gateway.upstreams.openai.conversation import Message

_ID = re.compile(r"[a-zA-Z0-9_-]+")


class ToolCalls:
    """Begins a block for each call and hands its arguments on as they come.

    Args:
        stream: The message.
        request: Body of the Messages API request that is answered.
        digest: Of the conversation; ids are made from it where the server gives none that the API takes.
    """

    def __init__(self, stream: MessageStream, request: Mapping[str, Any], digest: str) -> None:
        self._stream, self._digest = stream, digest
        self._taken = set(_ids(request))
        self._count = 0
        self._index: int | None = None
        self._told_id: str | None = None

    def add(self, piece: Mapping[str, Any], position: int) -> list[Event]:
        """Take a piece of a call.

        Args:
            piece: An entry of `tool_calls`.
            position: Its place in that list, which stands for an index that the server leaves out.

        Raises:
            ValueError: It goes on with a call that another has followed, or begins one without a name.
        """
        function: Any = piece.get("function") or {}
        begins = self._begins(piece, function, position)
        opening = self._begin(piece, function, position) if begins else []
        arguments = function.get("arguments")
        text = arguments if isinstance(arguments, str) else json.dumps(arguments) if arguments else ""
        return [*opening, *(self._stream.tool_input(text) if text else [])]

    def _begins(self, piece: Mapping[str, Any], function: Mapping[str, Any], position: int) -> bool:
        """Tell whether a piece is of a new call: servers repeat names, ids, or an index of 0."""
        if self._count == 0:
            return True
        told_id, index = piece.get("id"), piece.get("index")
        if index is not None and index != self._index:
            return True
        if told_id and told_id != self._told_id:
            return bool(function.get("name"))
        return index is None and bool(function.get("name"))

    def _begin(self, piece: Mapping[str, Any], function: Mapping[str, Any], position: int) -> list[Event]:
        index = piece.get("index", position)
        if self._index is not None and index < self._index:
            raise ValueError("pieces of several tool calls are mixed")
        name = function.get("name")
        if not name:
            raise ValueError("a tool call without a name")
        self._index, self._told_id = index, piece.get("id")
        return self._stream.tool_use(self._call_id(piece.get("id")), name)

    def _call_id(self, told: Any) -> str:
        """Return the server's id, if the API takes it and the conversation has no other call of that id."""
        self._count += 1
        if not isinstance(told, str) or not _ID.fullmatch(told) or told in self._taken:
            told = f"toolu_{self._digest[:20]}_{self._count}"
        self._taken.add(told)
        return told


def _ids(request: Mapping[str, Any]) -> list[str]:
    messages: list[Message] = request["messages"]
    spoken = [message.get("content") for message in messages if message.get("role") == "assistant"]
    return [
        str(block.get("id"))
        for content in spoken
        for block in blocks(content, "messages")
        if block.get("type") == "tool_use"
    ]
