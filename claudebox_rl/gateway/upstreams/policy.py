"""The model that is somebody outside: each request waits until it is answered.

Several may wait at the same time (sub-agents, parallel calls), first come, first served. One that the agent gave up
leaves the line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from claudebox_rl._waiting import WaitingLine
from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.messages import assistant_message, encode_event, message_events, message_reply
from claudebox_rl.gateway.options import read_options
from claudebox_rl.gateway.upstream import Reply, Sampled, TaskFiles, Upstream
from claudebox_rl.gateway.upstreams._answer import PolicyAnswer, read_answer

__all__ = ["ModelRequest", "PolicyAnswer", "PolicyOptions", "PolicyUpstream", "read_answer"]

PING_S = 5.0
"""Between two signs of life of a streamed answer that is not there yet; the CLI may be told to bear 10 s of silence."""


@dataclass(frozen=True, slots=True)
class PolicyOptions:
    """Settings of `policy`."""

    model: str = "claudebox-policy"


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request that waits."""

    body: dict[str, Any]
    """Of the Messages API request."""
    agent_path: str
    """`main`, or the id of the sub-agent."""


class PolicyUpstream(Upstream):
    """Holds requests for whoever answers them.

    Args:
        options: Its settings.

    Attributes:
        line: The requests that wait.
    """

    def __init__(self, options: PolicyOptions) -> None:
        self.model = options.model
        self.line: WaitingLine[ModelRequest, PolicyAnswer] = WaitingLine()
        self._num_answered = 0

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        """See `Upstream.make`."""
        return cls(read_options(PolicyOptions, "policy", options))

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.reply`."""
        asked, sampled = ModelRequest(request, headers.get("x-claude-code-agent-id") or "main"), Sampled()
        if request.get("stream") is not True:
            answer = await self.line.ask(asked)
            return replace(message_reply(request, self._message(request, answer)), sampled=answer.sampled)
        body = self._stream(asked, sampled)
        return Reply(200, "text/event-stream; charset=utf-8", body, sampled=sampled, aclose=body.aclose)

    async def _stream(self, asked: ModelRequest, sampled: Sampled) -> AsyncGenerator[bytes]:
        """Yield signs of life until there is an answer: without a byte the CLI gives up after six minutes (2.1.330)."""
        asking = asyncio.ensure_future(self.line.ask(asked))
        try:
            while not (await asyncio.wait({asking}, timeout=PING_S))[0]:
                yield encode_event({"type": "ping"})
            answer = asking.result()
            for field in fields(Sampled):
                setattr(sampled, field.name, getattr(answer.sampled, field.name))
            yield b"".join(map(encode_event, message_events(self._message(asked.body, answer))))
        finally:
            asking.cancel()

    def _message(self, request: dict[str, Any], answer: PolicyAnswer) -> dict[str, Any]:
        number, self._num_answered = self._num_answered, self._num_answered + 1
        content = [_with_id(block, f"toolu_policy_{number}_{index}") for index, block in enumerate(answer.content)]
        message = assistant_message(request, content, answer.usage)
        return message if answer.stop_reason is None else {**message, "stop_reason": answer.stop_reason}

    async def aclose(self) -> None:
        """End the requests that wait. Idempotent."""
        self.line.close(GatewayError("the episode ended before the policy answered"))


def _with_id(block: dict[str, Any], tool_use_id: str) -> dict[str, Any]:
    return {**block, "id": block["id"] or tool_use_id} if block["type"] == "tool_use" else block
