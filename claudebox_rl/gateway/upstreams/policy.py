"""The model that is somebody outside: each request waits until it is answered.

Several may wait at the same time (sub-agents, parallel calls), first come, first served. One that the agent gave up
leaves the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from claudebox_rl._waiting import WaitingLine
from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.messages import assistant_message, message_reply
from claudebox_rl.gateway.options import read_options
from claudebox_rl.gateway.upstream import Reply, TaskFiles, Upstream
from claudebox_rl.gateway.upstreams._answer import PolicyAnswer, read_answer

__all__ = ["ModelRequest", "PolicyAnswer", "PolicyOptions", "PolicyUpstream", "read_answer"]


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
        answer = await self.line.ask(ModelRequest(request, headers.get("x-claude-code-agent-id") or "main"))
        number, self._num_answered = self._num_answered, self._num_answered + 1
        content = [_with_id(block, f"toolu_policy_{number}_{index}") for index, block in enumerate(answer.content)]
        message = assistant_message(request, content, answer.usage)
        if answer.stop_reason is not None:
            message["stop_reason"] = answer.stop_reason
        return replace(message_reply(request, message), sampled=answer.sampled)

    async def aclose(self) -> None:
        """End the requests that wait. Idempotent."""
        self.line.close(GatewayError("the episode ended before the policy answered"))


def _with_id(block: dict[str, Any], tool_use_id: str) -> dict[str, Any]:
    return {**block, "id": block["id"] or tool_use_id} if block["type"] == "tool_use" else block
