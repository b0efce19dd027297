"""The answer of a recorded call, sent again as the API would send it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from itertools import takewhile
from typing import Any

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.messages import encode_event, message_events, message_reply
from claudebox_rl.gateway.upstream import Reply, Sampled, once
from claudebox_rl.types import ModelCall

_EVENT_STREAM = "text/event-stream; charset=utf-8"


def recorded_reply(request: Mapping[str, Any], call: ModelCall) -> Reply:
    """Answer `request` as the recorded call was answered: the same message, error, or broken connection.

    A call without any answer is a connection that is closed without one; a message that was cut off is cut off where
    the record ends. Of an answer that nobody could read no bytes were kept: it is cut off at once.
    """
    response = call.response
    if call.status == 0:
        return Reply(0, "", once(b""))
    if response is None:
        return Reply(call.status, _EVENT_STREAM, _cut(b""))
    if response.get("type") != "message":
        return _no_message(request, call.status, response)
    if response.get("stop_reason") is None:
        return Reply(200, _EVENT_STREAM, _cut(b"".join(map(encode_event, _events_so_far(response)))))
    reply = message_reply(request, response)
    return Reply(reply.status, reply.content_type, reply.body, sampled=_sampled(call))


def _no_message(request: Mapping[str, Any], status: int, response: dict[str, Any]) -> Reply:
    if status == 200 and response.get("type") == "error" and request.get("stream") is True:
        return Reply(200, _EVENT_STREAM, once(encode_event(response)))
    return Reply(status, "application/json", once(json.dumps(response).encode()))


async def _cut(data: bytes) -> AsyncIterator[bytes]:
    yield data
    raise GatewayError("the recorded answer was cut off here")


def _events_so_far(message: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Return the events of a message whose last block never ended."""
    last = len(message["content"]) - 1
    for event in takewhile(lambda event: event["type"] != "message_delta", message_events(message)):
        if event["type"] != "content_block_stop" or event["index"] != last:
            yield event


def _sampled(call: ModelCall) -> Sampled:
    return Sampled(call.prompt_token_ids, call.completion_token_ids, call.logprobs, call.weight_version)
