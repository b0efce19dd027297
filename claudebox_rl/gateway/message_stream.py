"""An assistant message that is sent while it comes to be, as the events of the Messages API."""

from __future__ import annotations

import hashlib
from typing import Any

from claudebox_rl.gateway.messages import usage_object
from claudebox_rl.types import Usage

Event = dict[str, Any]
_NO_USAGE = Usage()


class MessageStream:
    """Turns pieces of an answer into events; each method returns those to send now, in order.

    Adjoining pieces of one kind are one block. White space opens no text block of its own: the API takes none back.

    Args:
        message_id: Id of the message.
        model: The one that the request asked for.
        usage: What the prompt took; output tokens are told by `stop`.
    """

    def __init__(self, message_id: str, model: str, usage: Usage = _NO_USAGE) -> None:
        self._message_id, self._model, self._usage = message_id, model, usage
        self._index, self._kind = -1, ""
        self._blank, self._thought, self._signed = "", "", ""
        self._calls_tool = False

    @property
    def calls_tool(self) -> bool:
        """Whether a tool call was begun."""
        return self._calls_tool

    def start(self) -> list[Event]:
        """Open the message."""
        message: Event = {
            "id": self._message_id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage_object(self._usage),
        }
        return [{"type": "message_start", "message": message}]

    def text(self, piece: str) -> list[Event]:
        """Go on with a text."""
        if self._kind != "text":
            self._blank += piece
            if not self._blank.strip():
                return []
            piece, self._blank = self._blank, ""
        return [*self._open("text", {"type": "text", "text": ""}), self._delta("text_delta", "text", piece)]

    def thinking(self, piece: str, signature: str = "") -> list[Event]:
        """Go on with a thought.

        Args:
            piece: What comes next.
            signature: What the block is signed with when it ends; without one, the thought's own digest.
        """
        opening = self._open("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        self._thought, self._signed = self._thought + piece, signature
        return [*opening, self._delta("thinking_delta", "thinking", piece)]

    def tool_use(self, tool_use_id: str, name: str) -> list[Event]:
        """Begin a tool call; its input follows by `tool_input`."""
        self._calls_tool = True
        block: Event = {"type": "tool_use", "id": tool_use_id, "name": name, "input": {}}
        return [*self._close(), *self._open("tool_use", block)]

    def tool_input(self, partial_json: str) -> list[Event]:
        """Go on with the JSON of the input of the call that was begun last."""
        return [self._delta("input_json_delta", "partial_json", partial_json)]

    def stop(
        self, stop_reason: str, output_tokens: int, stop_sequence: str | None = None, *, prompt: Usage | None = None
    ) -> list[Event]:
        """Close the message.

        Args:
            stop_reason: One of the API's.
            output_tokens: All that were sampled.
            stop_sequence: The one of the request that was met.
            prompt: What the prompt took, where that was not known at the start.
        """
        delta = {"stop_reason": stop_reason, "stop_sequence": stop_sequence}
        usage = {**(usage_object(prompt) if prompt else {}), "output_tokens": output_tokens}
        return [*self._close(), {"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]

    def _open(self, kind: str, block: Event) -> list[Event]:
        if self._kind == kind:
            return []
        closing = self._close()
        self._kind, self._index = kind, self._index + 1
        return [*closing, {"type": "content_block_start", "index": self._index, "content_block": block}]

    def _close(self) -> list[Event]:
        kind, self._kind, self._blank = self._kind, "", ""
        if not kind:
            return []
        return [*self._signature(kind), {"type": "content_block_stop", "index": self._index}]

    def _signature(self, kind: str) -> list[Event]:
        """Sign a thought. It proves nothing: clients send no unsigned thought back."""
        if kind != "thinking":
            return []
        signature = self._signed or hashlib.sha256(self._thought.encode()).hexdigest()
        self._thought = ""
        return [self._delta("signature_delta", "signature", signature)]

    def _delta(self, kind: str, field: str, piece: str) -> Event:
        return {"type": "content_block_delta", "index": self._index, "delta": {"type": kind, field: piece}}
