"""An upstream's answer, read as far as a failure can still be told by a status."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.api_errors import error_object_bytes, error_reply
from claudebox_rl.gateway.upstream import Reply

_log = logging.getLogger(__name__)
_WHOLE_CAP_BYTES = 32 << 20
_EVENT_STREAM = "text/event-stream"

Ask = Callable[[], Awaitable[Reply]]
"""Sends one request to an upstream, anew at each call."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply of which nothing was sent to the agent yet."""

    reply: Reply
    begun: bytes
    """The first piece of a stream, or the whole of any other body."""

    @property
    def is_stream(self) -> bool:
        """Whether more may come."""
        return self.reply.status != 0 and self.reply.content_type.startswith(_EVENT_STREAM)


def refusal(status: int, message: str, **headers: str) -> Answer:
    """Make an answer that is an error of the API's own shape; names of headers have `_` for `-`."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(error_reply(status, message, told), error_object_bytes(status, message))


async def open_answer(ask: Ask) -> Answer:
    """Ask once. What breaks before the first byte is an error in the API's shape: never an exception.

    Whoever gets the answer awaits its `reply.aclose`.
    """
    try:
        reply = await ask()
    except GatewayError as error:
        return refusal(502, str(error))
    except Exception as error:
        # Only the type: the text may hold what the agent sent. The same request would fail once more.
        _log.error("an upstream failed with %s", type(error).__name__)
        return refusal(500, f"the gateway's upstream failed ({type(error).__name__})", x_should_retry="false")
    try:
        is_stream = reply.content_type.startswith(_EVENT_STREAM)
        return Answer(reply, await anext(aiter(reply.body), b"") if is_stream else await _read(reply))
    except GatewayError as error:
        await reply.aclose()
        return refusal(502, str(error))
    except BaseException:
        await reply.aclose()
        raise


async def _read(reply: Reply) -> bytes:
    body = bytearray()
    async for chunk in reply.body:
        body += chunk
        if len(body) > _WHOLE_CAP_BYTES:
            raise GatewayError(f"the model's answer is larger than {_WHOLE_CAP_BYTES} bytes")
    return bytes(body)
