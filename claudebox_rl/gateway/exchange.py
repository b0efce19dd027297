"""One request of an agent and its answer, from the upstream's first byte to the last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

from claudebox_rl.errors import BudgetExceededError, GatewayError
from claudebox_rl.gateway.answer import Answer, Ask, refusal
from claudebox_rl.gateway.episode import Call, GatewayEpisode

_log = logging.getLogger(__name__)
_QUEUE_RETRY_AFTER_S = 5


class Exchange:
    """The ASGI application that answers one call.

    Args:
        episode: Whose call it is.
        call: Its record, and its part of the budget.
        ask: Sends the request to the upstream.
        cut: Ends the agent's connection without another byte.
    """

    def __init__(self, episode: GatewayEpisode, call: Call, ask: Ask, cut: Callable[[], None]) -> None:
        self._episode, self._call, self._ask, self._cut = episode, call, ask, cut
        self._has_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or stop as soon as the agent is gone or the episode is closed."""
        answering = asyncio.ensure_future(self._answer(send))
        leaving = asyncio.ensure_future(_gone(receive))
        self._episode.watch(answering, self._call)
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            answering.cancel()
            await asyncio.wait({answering})
            self._call.finish()
            if not self._came_to_its_end(answering):
                self._cut()
                await leaving
            leaving.cancel()

    def _came_to_its_end(self, answering: asyncio.Task[bool]) -> bool:
        if answering.cancelled():
            return False
        if (error := answering.exception()) is not None:
            # Only the type: the text may hold what the agent sent.
            _log.error("episode %s: answer failed with %s", self._episode.episode_id, type(error).__name__)
            return False
        return answering.result()

    async def _answer(self, send: Send) -> bool:
        """Send the upstream's answer; False where it did not come to its end."""
        try:
            async with self._call.admitted(), self._episode.lane.place() as has_place:
                self._call.dequeue()
                return await self._pass_on(send) if has_place else await self._send_whole(_no_place(), send)
        except BudgetExceededError as error:
            if self._has_begun:
                return False
            return await self._send_whole(refusal(403, str(error)), send)

    async def _pass_on(self, send: Send) -> bool:
        answer = await self._episode.lane.ask(self._ask)
        try:
            if answer.reply.status == 0:
                return False
            return await (self._stream if answer.is_stream else self._send_whole)(answer, send)
        finally:
            await answer.reply.aclose()

    async def _stream(self, answer: Answer, send: Send) -> bool:
        self._begin(answer)
        await send(_start(answer))
        try:
            await self._send_piece(answer.begun, send)
            async for chunk in answer.reply.body:
                await self._send_piece(chunk, send)
        except GatewayError as error:
            _log.warning("episode %s: %s", self._episode.episode_id, self._episode.redactor.text(str(error)))
            return False
        self._call.finish()
        await send({"type": "http.response.body"})
        return True

    async def _send_piece(self, chunk: bytes, send: Send) -> None:
        self._call.feed(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def _send_whole(self, answer: Answer, send: Send) -> bool:
        body = answer.begun
        if answer.reply.status >= 400:
            body = self._episode.redactor.data(body)
        self._begin(answer)
        self._call.whole(body)
        await send(_start(answer, len(body)))
        await send({"type": "http.response.body", "body": body})
        return True

    def _begin(self, answer: Answer) -> None:
        self._has_begun = True
        self._call.begin(answer.reply.status, answer.reply.sampled)


def _no_place() -> Answer:
    return refusal(529, "too many calls wait for the model's server", retry_after=str(_QUEUE_RETRY_AFTER_S))


def _start(answer: Answer, length: int | None = None) -> dict[str, Any]:
    headers: Mapping[str, str] = {**answer.reply.headers, "content-type": answer.reply.content_type}
    if length is not None:
        headers = {**headers, "content-length": str(length)}
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": answer.reply.status, "headers": encoded}


async def _gone(receive: Receive) -> None:
    """Wait until the agent has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        continue
