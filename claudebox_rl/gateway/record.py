"""One model call, written down while it happens."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any, cast

from claudebox_rl.gateway.fold import MessageFold
from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.gateway.sse import EventReader
from claudebox_rl.gateway.upstream import Sampled
from claudebox_rl.types import ModelCall, Usage


class CallRecord:
    """Watches an answer go by; `finish` hands the call over, once, however it ended.

    Args:
        episode_id: The episode that the call belongs to.
        request: Body of the request, without secrets.
        agent_path: `main`, or the id of the sub-agent.
        redactor: Takes secrets out of the answer.
        sink: Called with the finished call; its `parent_call_id` is not set yet.
    """

    def __init__(
        self,
        episode_id: str,
        request: dict[str, Any],
        agent_path: str,
        redactor: Redactor,
        sink: Callable[[ModelCall], None],
    ) -> None:
        self._episode_id, self._request, self._agent_path = episode_id, request, agent_path
        self._redactor, self._sink = redactor, sink
        self._started_at, self._clock = time.time(), time.monotonic()
        self._status, self._sampled = 0, Sampled()
        self._response: dict[str, Any] | None = None
        self._reader, self._fold = EventReader(), MessageFold()
        self._queue_s = 0.0
        self._finished = False

    def dequeue(self) -> None:
        """Note that the call's turn has come, after whatever wait."""
        self._queue_s = time.monotonic() - self._clock

    def begin(self, status: int, sampled: Sampled) -> None:
        """Note the status that the agent gets, and where the upstream writes what else it knows of the answer."""
        self._status, self._sampled = status, sampled

    def feed(self, chunk: bytes) -> None:
        """Take a piece of a streamed answer. The stream's last event finishes the call.

        Agents act on that event and not on the end of the connection, so the call must be on record before it is sent.
        """
        for event in self._reader.feed(chunk):
            self._fold.add(event)
        self._response = self._fold.result()
        if self._fold.complete:
            self.finish()

    def whole(self, body: bytes) -> None:
        """Take an answer that was not streamed, and finish."""
        self._response = _json_object(body)
        self.finish()

    def finish(self) -> None:
        """Hand the call over as it stands. Idempotent."""
        if self._finished:
            return
        self._finished = True
        self._sink(
            ModelCall(
                call_id=uuid.uuid4().hex,
                episode_id=self._episode_id,
                request=self._request,
                response=self._redactor.value(self._response),
                status=self._status,
                model=str(self._request.get("model", "")),
                agent_path=self._agent_path,
                usage=usage_of(self._response),
                started_at=self._started_at,
                latency_s=time.monotonic() - self._clock,
                weight_version=self._sampled.weight_version,
                prompt_token_ids=self._sampled.prompt_token_ids,
                completion_token_ids=self._sampled.completion_token_ids,
                logprobs=self._sampled.logprobs,
            )
        )


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def usage_of(response: dict[str, Any] | None) -> Usage:
    """Read the tokens that a message reports; a count that is missing, or no count, is 0."""
    reported: Any = (response or {}).get("usage")
    if not isinstance(reported, dict):
        return Usage()
    counts = cast("dict[str, Any]", reported)

    def count(name: str) -> int:
        value = counts.get(name)
        return value if isinstance(value, int) else 0

    cached = count("cache_read_input_tokens")
    written = count("cache_creation_input_tokens")
    return Usage(count("input_tokens") + written + cached, count("output_tokens"), cached)
