"""A model that a function plays, and the real CLI in a conversation of several prompts with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway import Reply, Upstream
from claudebox_rl.gateway.messages import assistant_message, encode_event, message_events, message_reply
from claudebox_rl.types import Usage

USAGE = Usage(1000, 10)


@dataclass
class Played(Upstream):
    """Answers by a function of the request and its headers: content blocks, or a whole reply."""

    play: Callable[[dict[str, Any], dict[str, str]], Any]
    model: str = "claude-sonnet-4-5"
    secrets: tuple[str, ...] = ()
    asked: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def make(cls, options, task):
        raise NotImplementedError

    async def reply(self, request, headers, query=""):
        self.asked.append(request)
        answer = self.play(request, headers)
        return (
            answer if isinstance(answer, Reply) else message_reply(request, assistant_message(request, answer, USAGE))
        )


def cut(request: dict[str, Any], content: Sequence[dict[str, Any]], num_events: int) -> Reply:
    """An answer that breaks off after some of its events."""
    events = list(message_events(assistant_message(request, content, USAGE)))

    async def body():
        for event in events[:num_events]:
            yield encode_event(event)
        await asyncio.sleep(0.02)
        raise GatewayError("the model's side broke off")

    return Reply(200, "text/event-stream", body())


def lingering(request: dict[str, Any], content: Sequence[dict[str, Any]], until: asyncio.Event) -> Reply:
    """An answer whose last events wait."""

    async def body():
        for event in message_events(assistant_message(request, content, USAGE)):
            if event["type"] == "message_delta":
                await asyncio.wait_for(until.wait(), 20)
            yield encode_event(event)

    return Reply(200, "text/event-stream", body())


def depth(request: dict[str, Any]) -> int:
    return sum(message["role"] == "assistant" for message in request["messages"])


def last_text(request: dict[str, Any]) -> str:
    content = request["messages"][-1]["content"]
    return content if isinstance(content, str) else "\n".join(block.get("text", "") for block in content)


async def converse(binary: Path, flags: Sequence[str], env: dict[str, str], cwd: Path, prompts: Sequence[str]):
    """Give the CLI prompts one after another, each when the one before has its result; return the results."""
    process = await asyncio.create_subprocess_exec(
        binary,
        *flags,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=1 << 24,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    results: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(60):
            for prompt in prompts:
                message = {"type": "user", "message": {"role": "user", "content": prompt}}
                process.stdin.write(json.dumps(message).encode() + b"\n")
                while (event := json.loads(await process.stdout.readline()))["type"] != "result":
                    continue
                results.append(event)
            process.stdin.close()
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return results
