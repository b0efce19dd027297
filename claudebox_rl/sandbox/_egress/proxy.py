"""HTTP/1.1 as a proxy speaks it (RFC 9110, RFC 9112): CONNECT, and requests in absolute form.

Nothing is passed on as it came: h11 takes each message apart and writes a new one, so two readers can't see different
requests in the same bytes. A connection carries one request.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from http import HTTPStatus
from typing import Protocol

import h11

from claudebox_rl.sandbox._egress.forward import IDLE_S, HttpPeer, forward
from claudebox_rl.sandbox._egress.hosts import Host, parse_authority
from claudebox_rl.sandbox._egress.refusal import RefusedError, UnreachableError
from claudebox_rl.sandbox._egress.tunnel import UNRECOGNIZED_NAME, Checked, Resumed
from claudebox_rl.sandbox._network.connection import Connection, join

_HTTP_PORT = 80
_HEAD_S = 30.0
_LINGER_S = 1.0
_AUTHORITY = re.compile(rb"http://([^/?#]*)(.*)", re.IGNORECASE)


class Way(Protocol):
    """Where connections may lead."""

    restricts: bool
    """Whether what a tunnel carries must be for the host that was asked for."""

    async def connect(self, host: Host, port: int) -> Connection:
        """Open a connection.

        Raises:
            RefusedError: The policy does not allow it.
            UnreachableError: It can't be made.
        """
        ...

    def note(self, refused: RefusedError) -> None:
        """Count a refusal."""
        ...


async def serve_proxy(near: Connection, way: Way, *, full_house: bool) -> None:
    """Serve one request.

    Args:
        near: The connection from inside.
        way: Where it may lead.
        full_house: Whether too many others are being served.

    Raises:
        OSError: A side was cut.
    """
    client = HttpPeer(near, h11.SERVER)
    try:
        request = await _head(client)
        if full_house:
            raise RefusedError("", 0, "too many connections of this sandbox are open", status=503)
        if request.method == b"CONNECT":
            await _tunnel(client, request, way)
        else:
            await _fetch(client, request, way)
    except RefusedError as refused:
        way.note(refused)
        await _answer(client, refused.status, f"{refused.host}:{refused.port} is refused: {refused.reason}")
    except UnreachableError as error:
        await _answer(client, 502, str(error))
    await _part(near)


async def _head(client: HttpPeer) -> h11.Request:
    try:
        async with asyncio.timeout(_HEAD_S):
            request = await client.next_event()
    except h11.RemoteProtocolError as error:
        raise RefusedError("", 0, f"the request is malformed: {error}", status=400) from error
    if not isinstance(request, h11.Request):
        raise ConnectionAbortedError("the client left without a request")
    return request


async def _fetch(client: HttpPeer, request: h11.Request, way: Way) -> None:
    found = _AUTHORITY.fullmatch(request.target)
    if found is None or b"#" in found[2]:
        problem = "this proxy takes CONNECT, and requests for http://host/path; https goes through CONNECT"
        raise RefusedError(request.target.decode("ascii"), 0, problem, status=400)
    host, port = _authority(found[1], _HTTP_PORT)
    path = found[2] if found[2].startswith(b"/") else b"/" + found[2]
    far = await way.connect(host, port)
    await _forward(client, far, host, port, path)


async def _tunnel(client: HttpPeer, request: h11.Request, way: Way) -> None:
    host, port = _authority(request.target, None)
    if any(name in (b"content-length", b"transfer-encoding") for name, _ in request.headers):
        raise RefusedError(host, port, "CONNECT has no body", status=400)
    far = await way.connect(host, port)
    try:
        await client.next_event()  # the end of the request
        await client.send(h11.Response(status_code=200, reason=b"Connection established", headers=[]))
        near = Resumed(client.connection, client.early)
        if way.restricts and port == _HTTP_PORT:
            await _serve_in_tunnel(near, far, host, port)
        else:
            await _join(Checked(near, host, port) if way.restricts else near, far)
    finally:
        far.cut()


async def _serve_in_tunnel(near: Connection, far: Connection, host: Host, port: int) -> None:
    """Forward a request that some clients send through a tunnel, where a proxy would have been asked."""
    client = HttpPeer(near, h11.SERVER)
    request = await _head(client)
    meant = [value for name, value in request.headers if name == b"host"]
    if not request.target.startswith(b"/") or [_authority(value, port) for value in meant] != [(host, port)]:
        raise RefusedError(host, port, "in a tunnel to port 80 only HTTP for that host passes")
    await _forward(client, far, host, port, request.target)


async def _join(near: Connection, far: Connection) -> None:
    try:
        await join(near, far, idle_s=IDLE_S)
        await far.close()
    except RefusedError:
        await near.send(UNRECOGNIZED_NAME)
        raise


async def _forward(client: HttpPeer, far: Connection, host: Host, port: int, path: bytes) -> None:
    try:
        await forward(client, far, host, port, path)
    except h11.RemoteProtocolError as error:
        raise RefusedError(host, port, f"the request is malformed: {error}", status=400) from error
    finally:
        far.cut()


def _authority(text: bytes, default_port: int | None) -> tuple[Host, int]:
    shown = text.decode("latin-1")
    try:
        return parse_authority(shown, default_port)
    except ValueError as error:
        raise RefusedError(shown, 0, f"the request is malformed: {error}", status=400) from error


async def _answer(client: HttpPeer, status: int, text: str) -> None:
    """Say why there is nothing else, where the client can still be told."""
    if not client.may_answer:
        return
    body = f"claudebox_rl: {text}\n".encode()
    fields = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    ]
    events: list[h11.Event] = [h11.Response(status_code=status, reason=HTTPStatus(status).phrase, headers=fields)]
    if client.request is None or client.request.method != b"HEAD":
        events.append(h11.Data(data=body))
    await client.send(*events, h11.EndOfMessage())


async def _part(near: Connection) -> None:
    """End a connection so that the last answer arrives: what is closed with bytes unread is reset."""
    await near.end()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_S):
            while await near.receive():
                pass
