"""A client of a local model's episode."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

from claudebox_rl.gateway import Gateway, GatewayEpisode
from claudebox_rl.types import ModelCall

BASH = {
    "name": "Bash",
    "description": "Run a command",
    "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
}


@dataclass
class Client:
    """Speaks the Messages API to one episode."""

    gateway: Gateway
    episode: GatewayEpisode

    def url(self, rest: str = "/v1/messages?beta=true") -> str:
        return f"http://127.0.0.1:{self.gateway.port}{self.episode.path}{rest}"

    async def ask(self, *messages: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Ask without streaming and return the message, or the error."""
        async with httpx.AsyncClient(timeout=60) as http:
            answer = await http.post(self.url(), json=body(*messages, **changes), headers=self._credential)
            return answer.json()

    async def count(self, *messages: dict[str, Any], **changes: Any) -> dict[str, Any]:
        async with httpx.AsyncClient(timeout=60) as http:
            url = self.url("/v1/messages/count_tokens")
            answer = await http.post(url, json=body(*messages, **changes), headers=self._credential)
            return answer.json()

    async def events(self, *messages: dict[str, Any], **changes: Any) -> AsyncIterator[dict[str, Any]]:
        """Ask with streaming and yield the events as they come."""
        sent = body(*messages, stream=True, **changes)
        async with (
            httpx.AsyncClient(timeout=60) as http,
            http.stream("POST", self.url(), json=sent, headers=self._credential) as answer,
        ):
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    @property
    def last(self) -> ModelCall:
        return self.episode.calls[-1]

    @property
    def _credential(self) -> dict[str, str]:
        return {"x-api-key": self.episode.secret}


def body(*messages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    asked = list(messages) or [user("hello")]
    return {"model": "tiny", "max_tokens": 80, "messages": asked, "stream": False, **changes}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(message: dict[str, Any]) -> dict[str, Any]:
    """The message as a client sends it back."""
    return {"role": "assistant", "content": message["content"]}


def tool_result(message: dict[str, Any], text: str) -> dict[str, Any]:
    """The results of all calls of a message."""
    calls = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
    content = [
        {"type": "tool_result", "tool_use_id": each, "content": [{"type": "text", "text": text}]} for each in calls
    ]
    return {"role": "user", "content": content}
