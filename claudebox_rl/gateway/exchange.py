"""One request of an agent and its answer, from the upstream's first byte to the last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.api_errors import error_reply
from claudebox_rl.gateway.episode import GatewayEpisode
from claudebox_rl.gateway.upstream import Reply

_log = logging.getLogger(__name__)
_WHOLE_CAP_BYTES = 32 << 20
_EVENT_STREAM = "text/event-stream"


class Exchange:
    """The ASGI application that answers one call.

    Args:
        episode: Whose call it is.
        request: Body of the request, without secrets.
        headers: The agent's, by lower-case name, without its credentials.
        query: The part of the URL after `?`.
        cut: Ends the agent's connection without another byte.
    """

    def __init__(
        self,
        episode: GatewayEpisode,
        request: dict[str, Any],
        headers: Mapping[str, str],
        query: str,
        cut: Callable[[], None],
    ) -> None:
        self._episode, self._request, self._headers, self._query = episode, request, headers, query
        self._cut = cut
        self._record = episode.begin_call(request, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or stop as soon as the agent is gone or the episode is closed."""
        answering = asyncio.ensure_future(self._answer(send))
        leaving = asyncio.ensure_future(_gone(receive))
        self._episode.watch(answering, self._record)
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            answering.cancel()
            await asyncio.wait({answering})
            self._record.finish()
            if not self._came_to_its_end(answering):
                self._cut()
                await leaving
            leaving.cancel()

    def _came_to_its_end(self, answering: asyncio.Task[bool]) -> bool:
        if answering.cancelled():
            return False
        if (error := answering.exception()) is not None:
            self._report("answer", error)
            return False
        return answering.result()

    def _report(self, what: str, error: BaseException) -> None:
        # Only the type: the text may hold what the agent sent.
        _log.error("episode %s: %s failed with %s", self._episode.episode_id, what, type(error).__name__)

    async def _answer(self, send: Send) -> bool:
        """Send the upstream's answer; False where it did not come to its end."""
        reply = await self._ask()
        try:
            if reply.status == 0:
                return False
            if reply.content_type.startswith(_EVENT_STREAM):
                return await self._stream(reply, send)
            return await self._send_whole(reply, send)
        finally:
            await reply.aclose()

    async def _ask(self) -> Reply:
        try:
            return await self._episode.upstream.reply(self._request, self._headers, self._query)
        except GatewayError as error:
            return error_reply(502, str(error))
        except Exception as error:
            self._report("upstream", error)
            return error_reply(500, f"the gateway's upstream failed ({type(error).__name__})")

    async def _stream(self, reply: Reply, send: Send) -> bool:
        self._record.begin(reply.status, reply.sampled)
        await send(_start(reply))
        try:
            async for chunk in reply.body:
                self._record.feed(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except GatewayError as error:
            _log.warning("episode %s: %s", self._episode.episode_id, self._episode.redactor.text(str(error)))
            return False
        self._record.finish()
        await send({"type": "http.response.body"})
        return True

    async def _send_whole(self, reply: Reply, send: Send) -> bool:
        try:
            body = await _read(reply)
        except GatewayError as error:
            reply = error_reply(502, str(error))
            body = await _read(reply)
        if reply.status >= 400:
            body = self._episode.redactor.data(body)
        self._record.begin(reply.status, reply.sampled)
        self._record.whole(body)
        await send(_start(reply, len(body)))
        await send({"type": "http.response.body", "body": body})
        return True


async def _read(reply: Reply) -> bytes:
    body = bytearray()
    async for chunk in reply.body:
        body += chunk
        if len(body) > _WHOLE_CAP_BYTES:
            raise GatewayError(f"the model's answer is larger than {_WHOLE_CAP_BYTES} bytes")
    return bytes(body)


def _start(reply: Reply, length: int | None = None) -> dict[str, Any]:
    headers = {**reply.headers, "content-type": reply.content_type}
    if length is not None:
        headers["content-length"] = str(length)
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": reply.status, "headers": encoded}


async def _gone(receive: Receive) -> None:
    """Wait until the agent has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        continue
