"""Events of a streamed answer, folded back into the message that they carry."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

_TEXT_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}
_OPENED_EMPTY = ("text", "thinking", "tool_use", "server_tool_use")


class MessageFold:
    """The message so far.

    Attributes:
        complete: The stream said its last word: `message_stop`, or an error.
        has_content: Some of the message's content came.
    """

    def __init__(self) -> None:
        self.complete = self.has_content = False
        self._message: dict[str, Any] | None = None
        self._blocks: dict[int, dict[str, Any]] = {}
        self._inputs: defaultdict[int, str] = defaultdict(str)
        self._error: dict[str, Any] | None = None

    def add(self, event: dict[str, Any]) -> None:
        """Take the next event; one that does not have the API's shape changes nothing."""
        try:
            self._add(event)
        except (KeyError, TypeError, ValueError, AttributeError):
            return

    def result(self) -> dict[str, Any] | None:
        """Return the message, or the API's error object; None before a message began.

        Of a stream that was cut, the blocks so far are there and `stop_reason` is None; a tool call whose input did
        not arrive whole carries what came as `partial_json`.
        """
        if self._error is not None or self._message is None:
            return self._error
        blocks = [self._finished(index, block) for index, block in sorted(self._blocks.items())]
        return {**self._message, "content": blocks}

    def _add(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "message_start":
                self._message = {**event["message"], "usage": dict(event["message"]["usage"])}
            case "content_block_start":
                self._blocks[int(event["index"])] = dict(event["content_block"])
                # Of these kinds the opening has nothing in it yet; others come whole.
                self.has_content |= event["content_block"]["type"] not in _OPENED_EMPTY
            case "content_block_delta":
                self._add_delta(int(event["index"]), event["delta"])
            case "message_delta" if self._message is not None:
                self._message.update(event["delta"])
                told: dict[str, Any] = event["usage"]
                self._message["usage"].update({name: count for name, count in told.items() if count is not None})
            case "message_stop":
                self.complete = True
            case "error":
                self._error, self.complete = event, True
            case _:
                return

    def _add_delta(self, index: int, delta: dict[str, Any]) -> None:
        block, kind = self._blocks[index], delta["type"]
        self.has_content = True
        if kind == "input_json_delta":
            self._inputs[index] += delta["partial_json"]
        elif kind == "citations_delta":
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
        else:
            field = _TEXT_DELTAS[kind]
            block[field] = block[field] + delta[field]

    def _finished(self, index: int, block: dict[str, Any]) -> dict[str, Any]:
        text = self._inputs.get(index)
        if not text:
            return block
        try:
            return {**block, "input": json.loads(text)}
        except (ValueError, RecursionError):
            return {**block, "partial_json": text}
