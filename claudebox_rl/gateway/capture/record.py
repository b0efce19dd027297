"""One model call, written down while it happens."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any, cast

from claudebox_rl.gateway.capture.caller import Caller
from claudebox_rl.gateway.capture.lineage import Lineage
from claudebox_rl.gateway.capture.prices import Prices
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
        caller: Who makes it.
        lineage: Where it gets its place among the episode's calls.
        redactor: Takes secrets out of the answer.
        prices: What its tokens cost.
        sink: Called with the finished call.
    """

    def __init__(
        self,
        episode_id: str,
        request: dict[str, Any],
        caller: Caller,
        lineage: Lineage,
        redactor: Redactor,
        prices: Prices,
        sink: Callable[[ModelCall], None],
    ) -> None:
        self._started_at, self._clock = time.time(), time.monotonic()
        self._episode_id, self._redactor, self._prices, self._sink = episode_id, redactor, prices, sink
        self._status, self._sampled = 0, Sampled()
        self._whole: dict[str, Any] | None = None
        self._reader, self._fold = EventReader(), MessageFold()
        self._queue_s: float | None = None
        self._first_token_s: float | None = None
        self._finished = False
        self._request, self._asked = lineage.begin(uuid.uuid4().hex, request, caller, self._answer)

    def dequeue(self) -> None:
        """Note that the request is sent on, after whatever wait."""
        self._queue_s = self._age_s()

    def begin(self, status: int, sampled: Sampled) -> None:
        """Note the status that the agent gets, and where the upstream writes what else it knows of the answer."""
        self._status, self._sampled = status, sampled

    def feed(self, chunk: bytes) -> None:
        """Take a piece of a streamed answer. The stream's last event finishes the call.

        Agents act on that event and not on the end of the connection, so the call must be on record before it is sent.
        """
        for event in self._reader.feed(chunk):
            self._fold.add(event)
        self._note_content(self._fold.has_content)
        if self._fold.complete:
            self.finish()

    def whole(self, body: bytes) -> None:
        """Take an answer that was not streamed, and finish."""
        self._whole = _json_object(body)
        self._note_content(bool((self._whole or {}).get("content")))
        self.finish()

    def finish(self) -> None:
        """Hand the call over as it stands. Idempotent."""
        if self._finished:
            return
        self._finished = True
        response, asked = self._answer(), self._asked
        call = ModelCall(
            call_id=asked.call_id,
            episode_id=self._episode_id,
            request=self._request,
            response=self._redactor.value(response),
            status=self._status,
            model=str(self._request.get("model", "")),
            parent_call_id=asked.origin.parent_call_id,
            relation=asked.origin.relation,
            copy_of=asked.origin.copy_of,
            agent_path=asked.caller.agent,
            usage=usage_of(response),
            cost_usd=self._prices.cost_usd(str(self._request.get("model", "")), response),
            started_at=self._started_at,
            queue_s=self._queue_s,
            first_token_s=self._first_token_s,
            latency_s=self._age_s(),
            weight_version=self._sampled.weight_version,
            prompt_token_ids=self._sampled.prompt_token_ids,
            completion_token_ids=self._sampled.completion_token_ids,
            logprobs=self._sampled.logprobs,
        )
        asked.end(response, is_answered=call.is_answered)
        self._sink(call)

    def _answer(self) -> dict[str, Any] | None:
        """Return the answer so far."""
        return self._whole or self._fold.result()

    def _note_content(self, has_content: bool) -> None:
        if has_content and self._first_token_s is None:
            self._first_token_s = self._age_s()

    def _age_s(self) -> float:
        return time.monotonic() - self._clock


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
