"""Clients of the gateway and a server behind it, for its tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from claudebox_rl.gateway import Gateway, GatewayEpisode, Reply, TaskFiles, Upstream
from claudebox_rl.gateway.upstream import once

TOOLS = [{"name": name, "input_schema": {"type": "object"}} for name in ("Bash", "Read", "Write", "Edit")]


@dataclass
class Agent:
    """A client of one episode that speaks HTTP like the CLI."""

    gateway: Gateway
    episode: GatewayEpisode
    client: httpx.AsyncClient

    def url(self, rest: str = "/v1/messages?beta=true") -> str:
        return f"http://127.0.0.1:{self.gateway.port}{self.episode.path}{rest}"

    async def post(
        self,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        path: str = "/v1/messages?beta=true",
        **changes: Any,
    ) -> httpx.Response:
        sent = body if isinstance(body, bytes) else json.dumps(request(**changes) if body is None else body).encode()
        credential = {"x-api-key": self.episode.secret} if headers is None else dict(headers)
        return await self.client.post(self.url(path), content=sent, headers={"x-app": "cli", **credential})


def request(*messages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    asked = list(messages) or [{"role": "user", "content": "hello"}]
    return {"model": "m", "max_tokens": 32000, "messages": asked, "tools": TOOLS, "stream": False, **changes}


@dataclass
class StandIn:
    """A loopback server in the place of the real API: keeps what it gets and answers with the bytes it is given."""

    answer: list[bytes | float | None] = field(default_factory=list)
    """Bytes are sent, numbers are waits in seconds, None resets the connection."""
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            lengths = [line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
            self.bodies.append(await reader.readexactly(int(lengths[0])))
            for part in self.answer:
                if part is None:
                    writer.transport.abort()
                    return
                if isinstance(part, bytes):
                    writer.write(part)
                    await writer.drain()
                else:
                    await asyncio.sleep(part)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@dataclass
class CliRun:
    """One run of the CLI."""

    events: list[dict[str, Any]]
    exit_code: int
    workspace: Path

    @property
    def result(self) -> dict[str, Any]:
        return next(event for event in self.events if event["type"] == "result")


class Given(Upstream):
    """Answers with replies made by the test; None waits for `release`."""

    def __init__(
        self, *replies: Reply | Exception | None, secrets: tuple[str, ...] = (), endpoint: str | None = None
    ) -> None:
        self.model, self.secrets, self.endpoint = "given", secrets, endpoint
        self.replies = list(replies)
        self.asked: list[tuple[dict[str, Any], Mapping[str, str], str]] = []
        self.closed = 0
        self.entered, self.release = asyncio.Event(), asyncio.Event()

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        return cls()

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        self.asked.append((request, headers, query))
        self.entered.set()
        answer = self.replies.pop(0)
        if answer is None:
            await self.release.wait()
            return ok('{"released": true}')
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def aclose(self) -> None:
        self.closed += 1


def ok(text: str, status: int = 200) -> Reply:
    return Reply(status, "application/json", once(text.encode()))


def error_of(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert body["type"] == "error"
    assert body["error"]["message"]
    return response.status_code, body["error"]["type"]
