"""What a hostile supervisor may say, and what becomes of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from claudebox_rl.errors import SandboxUnavailableError
from claudebox_rl.sandbox._guest.wire import CHUNK_BYTES, HEADER, WINDOW_BYTES, Splitter, WireError, encode
from claudebox_rl.sandbox._supervised.command import SupervisedExec
from claudebox_rl.sandbox._supervised.frames import Channel, Exchange


class Peer:
    """The supervisor's end, played by the test."""

    def __init__(self, channel: Channel, end: socket.socket) -> None:
        self.channel = channel
        self.end = end
        self.closed = 0

    async def say(self, frame: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.end, frame)

    def run(self) -> tuple[SupervisedExec, int]:
        command = SupervisedExec(self.channel, ["x"], {}, "/", None)
        return command, command._serial


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    made: list[Peer] = []

    def note() -> None:
        made[0].closed += 1

    channel = Channel(on_close=note)
    made.append(Peer(channel, theirs))
    await asyncio.get_running_loop().sock_sendall(theirs, encode({"op": "ready"}))
    await channel.open(ours, {})
    yield made[0]
    channel.close("the test is over")
    await channel.wait_closed()
    theirs.close()
    assert made[0].closed == 1


Lie = Callable[[int], bytes]
LIES: dict[str, Lie] = {
    "no length": lambda _: b"\xff" * 64,
    "long message": lambda _: HEADER.pack(1 << 20, 0),
    "long data": lambda _: HEADER.pack(2, CHUNK_BYTES + 1),
    "no JSON": lambda _: HEADER.pack(2, 0) + b"{x",
    "no UTF-8": lambda _: HEADER.pack(2, 0) + b"\xff\xfe",
    "deep JSON": lambda _: HEADER.pack(60_000, 0) + b"[" * 60_000,
    "no object": lambda _: HEADER.pack(2, 0) + b"[]",
    "no id": lambda _: encode({"op": "output"}),
    "unknown id": lambda _: encode({"op": "output", "id": 1}),
    "id of the future": lambda serial: encode({"op": "output", "id": serial + 1}),
    "id is no integer": lambda _: encode({"op": "output", "id": True}),
    "unknown op": lambda serial: encode({"op": "pwn", "id": serial}),
    "op is no text": lambda serial: encode({"op": [], "id": serial}),
    "unknown stream": lambda serial: encode({"op": "output", "id": serial, "stream": "x"}, b"x"),
    "empty output": lambda serial: encode({"op": "output", "id": serial, "stream": "stdout"}),
    "exit code out of range": lambda serial: encode({"op": "ended", "id": serial, "code": 256}),
    "exit code is no integer": lambda serial: encode({"op": "ended", "id": serial, "code": "0"}),
    "closed before it ended": lambda serial: encode({"op": "closed", "id": serial}),
    "an answer to nothing": lambda serial: encode({"op": "input", "id": serial, "broken": False}),
    "ended twice": lambda serial: 2 * encode({"op": "ended", "id": serial, "code": 0, "timed_out": False}),
    "more than was granted": lambda serial: (
        (WINDOW_BYTES // CHUNK_BYTES) * encode({"op": "output", "id": serial, "stream": "stdout"}, b"x" * CHUNK_BYTES)
        + encode({"op": "output", "id": serial, "stream": "stdout"}, b"x")
    ),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_broken_protocol_ends_the_sandbox(peer: Peer, lie: str) -> None:
    command, serial = peer.run()
    sent = asyncio.create_task(peer.say(LIES[lie](serial)))
    async with asyncio.timeout(5):
        await peer.channel.wait_closed()
    with pytest.raises(SandboxUnavailableError):
        await command.wait()
    await asyncio.gather(sent, return_exceptions=True)
    assert "broke the protocol" in str(peer.channel.closed)
    with pytest.raises(SandboxUnavailableError):
        peer.run()


async def test_the_peers_end_is_the_sandboxs_end(peer: Peer) -> None:
    command, _ = peer.run()
    peer.end.shutdown(socket.SHUT_RDWR)
    with pytest.raises(SandboxUnavailableError):
        await command.wait()
    await command.kill()


async def test_a_late_reply_is_no_lie_and_a_second_one_is(peer: Peer) -> None:
    with Exchange(peer.channel) as exchange:
        asking = asyncio.create_task(exchange.ask(op="read", last=False))
        await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    reply = encode({"op": "file", "id": exchange.serial, "last": True})
    await peer.say(reply)
    await asyncio.sleep(0.05)
    assert peer.channel.closed is None
    await peer.say(reply)
    await peer.channel.wait_closed()
    assert "broke the protocol" in str(peer.channel.closed)


async def test_a_silent_supervisor_is_given_up(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claudebox_rl.sandbox._supervised.frames._REPLY_S", 0.05)
    with Exchange(peer.channel) as exchange, pytest.raises(SandboxUnavailableError, match="did not answer"):
        await exchange.ask(op="read", last=False)


async def test_an_overdue_command_ends_the_sandbox(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claudebox_rl.sandbox._supervised.command._GRACE_S", 0.05)
    command = SupervisedExec(peer.channel, ["x"], {}, "/", 0.01)
    with pytest.raises(SandboxUnavailableError, match="in time"):
        await asyncio.wait_for(command.__aiter__().__anext__(), 5)


async def test_no_greeting_no_sandbox() -> None:
    ours, theirs = socket.socketpair()
    channel = Channel(on_close=lambda: None)
    theirs.sendall(encode({"op": "output"}))
    with pytest.raises(SandboxUnavailableError):
        await channel.open(ours, {})
    await channel.wait_closed()
    theirs.close()


@pytest.mark.parametrize("size", [1, 3, 7, 1 << 16])
def test_frames_come_together_from_any_pieces(size: int) -> None:
    frames: list[tuple[dict[str, Any], bytes]] = [({"op": "a", "text": "\udc80é"}, b""), ({"op": "b"}, b"x" * 70_000)]
    stream = b"".join(encode(*frame) for frame in frames)
    splitter = Splitter()
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert [frame for piece in pieces for frame in splitter.feed(piece)] == frames


def test_the_supervisor_refuses_what_is_too_long() -> None:
    with pytest.raises(WireError):
        list(Splitter().feed(HEADER.pack(1 << 30, 0)))
