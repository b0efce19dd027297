"""A chat completion, whole or in chunks, as the events of an assistant message.

Chunks: https://platform.openai.com/docs/api-reference/chat-streaming. A whole completion is read as one chunk.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.api_errors import error_object
from claudebox_rl.gateway.fold import MessageFold
from claudebox_rl.gateway.message_stream import Event, MessageStream
from claudebox_rl.gateway.upstreams.openai.calls import ToolCalls
from claudebox_rl.gateway.upstreams.openai.conversation import REASONING_FIELDS
from claudebox_rl.gateway.upstreams.openai.errors import error_in
from claudebox_rl.gateway.upstreams.openai.samples import Samples
from claudebox_rl.types import Usage

_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_INVALID = "INVALID_JSON"
"""Name under which the Messages API's documentation puts the text of an input that is no JSON object."""


class Answer:
    """Turns the chunks of one answer into events.

    Args:
        request: Body of the Messages API request that is answered.
        samples: Gets the chunks too, and is settled when the answer ends.

    Attributes:
        failed: An error has ended it.
        status: The API's for that error, else 200.
    """

    def __init__(self, request: Mapping[str, Any], samples: Samples) -> None:
        digest = hashlib.sha256(json.dumps(request.get("messages")).encode()).hexdigest()
        self._stream = MessageStream(f"msg_{digest[:24]}", str(request.get("model", "")))
        self._calls = ToolCalls(self._stream, request, digest)
        self._stop_sequences: Any = request.get("stop_sequences") or []
        self._samples = samples
        self._usage = Usage()
        self.failed, self.status = False, 200
        self._started = False
        self._finish: str | None = None
        self._stop_sequence: str | None = None
        self._refused = False

    def feed(self, chunk: Mapping[str, Any]) -> list[Event]:
        """Take the next chunk, or a whole completion.

        Raises:
            GatewayError: It is none.
        """
        if error := error_in(chunk):
            return self._fail(*error)
        try:
            self._samples.add(chunk)
            return [*self._start(), *self._choices(chunk)]
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise GatewayError(
                f"the model's server sent what is no chat completion ({type(error).__name__})"
            ) from error

    def end(self) -> list[Event]:
        """Close the message; with an error where token ids were required and are not there.

        Raises:
            GatewayError: The answer did not come to its end.
        """
        if self._finish is None:
            raise GatewayError("the model's server broke off its answer")
        if missing := self._samples.settle(self._usage.output_tokens):
            # Not for another try: the server would answer the same way.
            return self._fail(400, missing)
        return self._stream.stop(
            self._stop_reason(), self._usage.output_tokens, self._stop_sequence, prompt=self._usage
        )

    def _fail(self, status: int, message: str) -> list[Event]:
        self.failed, self.status = True, status
        return [error_object(status, message)]

    def _start(self) -> list[Event]:
        if self._started:
            return []
        self._started = True
        return self._stream.start()

    def _choices(self, chunk: Mapping[str, Any]) -> Iterator[Event]:
        if reported := chunk.get("usage"):
            self._usage = usage_of(reported)
        for choice in chunk["choices"]:
            if choice.get("index", 0) != 0:
                raise ValueError("one answer was asked for")
            yield from self._delta(choice.get("delta") or choice.get("message") or {})
            if finish := choice.get("finish_reason"):
                self._finish = _known(finish)
                met = choice.get("stop_reason") or choice.get("matched_stop")
                self._stop_sequence = met if met in self._stop_sequences else None

    def _delta(self, delta: Mapping[str, Any]) -> Iterator[Event]:
        # Some servers send a thought under both names.
        if name := next((name for name in REASONING_FIELDS if delta.get(name)), None):
            yield from self._stream.thinking(delta[name], name)
        for name in ("content", "refusal"):
            if text := delta.get(name):
                self._refused = self._refused or name == "refusal"
                yield from self._stream.text(text)
        for position, call in enumerate(delta.get("tool_calls") or []):
            yield from self._calls.add(call, position)

    def _stop_reason(self) -> str:
        reason = _STOP_REASONS[self._finish or ""]
        if self._refused:
            return "refusal"
        if reason in ("end_turn", "tool_use"):
            # Servers say `stop` after a call that was demanded by name; and a call that never came is none.
            reason = "tool_use" if self._stream.calls_tool else "end_turn"
        return "stop_sequence" if reason == "end_turn" and self._stop_sequence is not None else reason


def whole_message(completion: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    """Translate a completion that was not streamed; may be the API's error object.

    Raises:
        GatewayError: It is none.
    """
    events = answer.feed(completion)
    events += [] if answer.failed else answer.end()
    if answer.failed:
        return events[-1]
    fold = MessageFold()
    for event in events:
        fold.add(event)
    message = fold.result()
    assert message is not None, "an answer begins with message_start"
    return {**message, "content": [_with_input(block) for block in message["content"]]}


def usage_of(reported: Mapping[str, Any]) -> Usage:
    """Read a server's account of tokens; what it does not count is 0."""
    details: Any = reported.get("prompt_tokens_details") or {}
    cached = details.get("cached_tokens") or reported.get("prompt_cache_hit_tokens") or 0  # the latter: DeepSeek
    return Usage(reported.get("prompt_tokens") or 0, reported.get("completion_tokens") or 0, cached)


def _with_input(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block of a whole message: there, the input of a call is an object and nothing else."""
    if block["type"] != "tool_use":
        return block
    told = block.pop("partial_json", None)
    if told is None and not isinstance(block["input"], dict):
        told = json.dumps(block["input"])
    return block if told is None else {**block, "input": {_INVALID: told}}


def _known(finish: str) -> str:
    if finish not in _STOP_REASONS:
        raise ValueError(f"finish_reason {finish!r}")
    return finish
