"""One request's answer: what is sampled, as a message of the API, and the record of its tokens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from claudebox_rl.gateway.fold import MessageFold
from claudebox_rl.gateway.message_stream import Event, MessageStream
from claudebox_rl.gateway.messages import encode_event
from claudebox_rl.gateway.upstream import Sampled
from claudebox_rl.gateway.upstreams.transformers.chat import THOUGHT
from claudebox_rl.gateway.upstreams.transformers.generation import Finish, Generation, Token
from claudebox_rl.gateway.upstreams.transformers.parsing import Call, OutputParser, Part, Text
from claudebox_rl.types import Usage

_PING_S = 5.0
"""Clients take a longer silence for a stall; the API pings too."""


class Answer:
    """Writes one answer while it is sampled.

    Args:
        generation: Where the tokens come from.
        parser: Reads them.
        sampled: Gets the tokens; holds those of the prompt already.
        model: The model that the request asked for.
        seed: Tells this answer from others to the same prompt.
        on_end: Called with the content that the client was given and its tokens, once it is whole; not after a stop
            sequence, which the client is not given.
    """

    def __init__(
        self,
        generation: Generation,
        parser: OutputParser,
        sampled: Sampled,
        *,
        model: str,
        seed: int,
        on_end: Callable[[list[dict[str, Any]], list[int]], None],
    ) -> None:
        self._generation, self._parser, self._sampled, self._on_end = generation, parser, sampled, on_end
        prompt_ids = sampled.prompt_token_ids or ()
        self._digest = hashlib.sha256(f"{seed} {prompt_ids}".encode()).hexdigest()[:24]
        self._stream = MessageStream(f"msg_{self._digest}", model, Usage(len(prompt_ids)))
        self._ids: list[int] = []
        self._logprobs: list[float] = []
        self._fold, self._num_calls = MessageFold(), 0
        self._finish: Finish | None = None

    async def streamed(self) -> AsyncIterator[bytes]:
        """Yield the events of the message while it comes to be."""
        async for events in self._batches():
            if events:
                yield b"".join(encode_event(event) for event in events)

    async def whole(self) -> AsyncIterator[bytes]:
        """Yield the message once it is there."""
        async for _ in self._batches():
            continue
        yield json.dumps(self._fold.result()).encode()

    async def _batches(self) -> AsyncIterator[list[Event]]:
        yield self._told(self._stream.start())
        async for tokens in self._generation.tokens(_PING_S):
            yield self._told(self._take(tokens)) if tokens else [{"type": "ping"}]
        yield self._told(self._end())

    def _told(self, events: list[Event]) -> list[Event]:
        for event in events:
            self._fold.add(event)
        return events

    def _end(self) -> list[Event]:
        if self._finish != "stop_sequence":
            self._on_end((self._fold.result() or {})["content"], self._ids)
        reason = self._finish
        if reason in ("end", None):
            reason = "tool_use" if self._stream.calls_tool else "end_turn"
        return self._stream.stop(reason, len(self._ids), self._generation.stop_sequence)

    def _take(self, tokens: Sequence[Token]) -> list[Event]:
        """Record tokens, and say what they say."""
        events: list[Event] = []
        for token in tokens:
            self._ids.append(token.token_id)
            self._logprobs.append(token.logprob)
            self._finish = token.finish
            parts = self._parser.feed(token.text) + (self._parser.end() if token.finish else [])
            events += [event for part in parts for event in self._say(part)]
        self._sampled.completion_token_ids, self._sampled.logprobs = tuple(self._ids), tuple(self._logprobs)
        return events

    def _say(self, part: Part) -> list[Event]:
        if isinstance(part, Call):
            self._num_calls += 1
            opening = self._stream.tool_use(f"toolu_{self._digest}_{self._num_calls}", part.name)
            return opening + self._stream.tool_input(json.dumps(part.tool_input))
        return self._stream.text(part.piece) if isinstance(part, Text) else self._stream.thinking(part.piece, THOUGHT)
