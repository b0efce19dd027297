"""A Messages API that answers at once with the same stream, and a client: what the gateway's benchmarks share.

Both are as bare as they can be, so that what lies between them is what is measured.
`python benchmarks/parts/messages_stub.py` serves on a free port of the loopback, which it prints.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

MODEL = "claude-sonnet-4-5"
TEXT = "I look at the file first, then I change the function and run the tests. " * 4


def request_body(num_messages: int = 9, label: str = "") -> bytes:
    """Return a request as the CLI sends it with four tools: 14 KB, and 440 bytes for each message so far."""
    tools = [
        {"name": name, "description": "x" * 2500, "input_schema": {"type": "object", "properties": {}}}
        for name in ("Bash", "Read", "Write", "Edit")
    ]
    messages = [
        {
            "role": ("user", "assistant")[index % 2],
            "content": [{"type": "text", "text": f"{label}{index} " + "y" * 400}],
        }
        for index in range(num_messages)
    ]
    system = [{"type": "text", "text": "z" * 3000, "cache_control": {"type": "ephemeral"}}]
    asked = {"model": MODEL, "max_tokens": 32000, "stream": True, "system": system, "tools": tools}
    return json.dumps({**asked, "messages": messages}).encode()


def answer_stream() -> bytes:
    """Return a whole answer: 20 pieces of text, a tool call, and what opens and closes them."""
    usage = {"input_tokens": 4000, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": [], "usage": usage}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message}]
    events.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for start in range(0, len(TEXT), len(TEXT) // 20):
        piece = {"type": "text_delta", "text": TEXT[start : start + len(TEXT) // 20]}
        events.append({"type": "content_block_delta", "index": 0, "delta": piece})
    events.append({"type": "content_block_stop", "index": 0})
    call = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
    events.append({"type": "content_block_start", "index": 1, "content_block": call})
    delta = {"type": "input_json_delta", "partial_json": '{"command": "ls -la src && pytest -q"}'}
    events.append({"type": "content_block_delta", "index": 1, "delta": delta})
    events.append({"type": "content_block_stop", "index": 1})
    end = {"stop_reason": "tool_use", "stop_sequence": None}
    events.append({"type": "message_delta", "delta": end, "usage": {"output_tokens": 120}})
    events.append({"type": "message_stop"})
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


class _Stub(asyncio.Protocol):
    """Answers each request on a connection once its body is whole."""

    _body = answer_stream()
    _answer = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
        + f"{len(_body):x}\r\n".encode()
        + _body
        + b"\r\n0\r\n\r\n"
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._data = transport, b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if len(body) >= int(lengths[0].split(b":")[1]):
            self._data = b""
            self._transport.write(self._answer)


class Client:
    """One kept connection of an agent."""

    def __init__(self, port: int, path: str, secret: str) -> None:
        head = f"POST {path}/v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        head += f"x-api-key: {secret}\r\nanthropic-version: 2023-06-01\r\ncontent-length: "
        self._port, self._head = port, head.encode()

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def call(self, body: bytes) -> None:
        """Send a request and read the answer to its end.

        Raises:
            RuntimeError: The answer is not a whole stream.
        """
        self._writer.write(self._head + str(len(body)).encode() + b"\r\n\r\n" + body)
        answer = await self._reader.readuntil(b"0\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200") or b"message_stop" not in answer:
            raise RuntimeError(f"not an answer: {answer[:300]!r}")

    def close(self) -> None:
        self._writer.close()


@contextlib.contextmanager
def stub() -> Iterator[int]:
    """Serve the stub by a process of its own, and give its port."""
    process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Stub, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
