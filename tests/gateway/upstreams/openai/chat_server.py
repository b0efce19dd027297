"""A chat completions server on the loopback, in front of a player that speaks the Messages API."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from chat_side import check_request, chunks_of, completion, messages_request, sse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from claudebox_rl.gateway import Upstream

FINISH = {"end_turn": "stop", "tool_use": "tool_calls"}


@dataclass
class ChatServer:
    """Answers as its player does; keeps what it is asked, and holds each request against OpenAI's types."""

    player: Upstream
    owned_by: str = "tests"
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    base_url: str = ""

    async def models(self, request: Request) -> Response:
        model = {"id": "served", "object": "model", "created": 1, "owned_by": self.owned_by}
        return JSONResponse({"object": "list", "data": [model]})

    async def tokenize(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        return JSONResponse({"count": len(body["messages"]), "max_model_len": 100, "tokens": []})

    async def complete(self, request: Request) -> Response:
        body = await request.json()
        check_request(body)
        self.requests.append(body)
        self.keys.append(request.headers.get("authorization"))
        reply = await self.player.reply(messages_request(body), {})
        told = json.loads(b"".join([chunk async for chunk in reply.body]))
        message, finish = _chat_message(told), FINISH[told["stop_reason"]]
        if body.get("stream"):
            return Response(sse(*chunks_of(message, finish)), media_type="text/event-stream")
        return JSONResponse(completion(message, finish))


def _chat_message(message: dict[str, Any]) -> dict[str, Any]:
    texts = [block["text"] for block in message["content"] if block["type"] == "text"]
    calls = [
        {
            "id": block["id"],
            "type": "function",
            "function": {"name": block["name"], "arguments": json.dumps(block["input"])},
        }
        for block in message["content"]
        if block["type"] == "tool_use"
    ]
    return {"role": "assistant", "content": "".join(texts) or None, **({"tool_calls": calls} if calls else {})}


@asynccontextmanager
async def serving(player: Upstream, owned_by: str = "tests") -> AsyncIterator[ChatServer]:
    """Serve on a free port until the block ends."""
    place, server, listener = _made(player, owned_by)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield place
    finally:
        server.should_exit = True
        await task
        listener.close()


@contextmanager
def serving_in_thread(player: Upstream) -> Iterator[ChatServer]:
    """Serve likewise, for tests without an event loop."""
    place, server, listener = _made(player, "tests")
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield place
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _made(player: Upstream, owned_by: str) -> tuple[ChatServer, uvicorn.Server, socket.socket]:
    place = ChatServer(player, owned_by)
    routes = [
        Route("/v1/models", place.models),
        Route("/tokenize", place.tokenize, methods=["POST"]),
        Route("/v1/chat/completions", place.complete, methods=["POST"]),
    ]
    listener = socket.create_server(("127.0.0.1", 0))
    place.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    return (
        place,
        uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning", lifespan="off")),
        listener,
    )
