"""One HTTP request on its way out, and its answer: taken apart on one side and written anew on the other."""

from __future__ import annotations

import asyncio
from ipaddress import IPv6Address

import h11

from claudebox_rl.sandbox._egress.hosts import Host
from claudebox_rl.sandbox._egress.refusal import RefusedError, UnreachableError
from claudebox_rl.sandbox._network.connection import Connection

IDLE_S = 900.0
"""Longest silence of a connection that is open."""
_HEAD_BYTES = 1 << 16
_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding "
    b"upgrade http2-settings".split()
)
"""Fields of one connection (RFC 9110 section 7.6.1); h11 writes those that frame the new message."""
_OURS = frozenset({b"host", b"content-length"})
"""What no `Connection` field can have dropped."""

Message = h11.Request | h11.Response


class HttpPeer:
    """One end of an HTTP connection.

    Args:
        connection: What carries it.
        role: Ours, `h11.SERVER` or `h11.CLIENT`.
    """

    def __init__(self, connection: Connection, role: type[h11.SERVER] | type[h11.CLIENT]) -> None:
        self.connection = connection
        self.request: h11.Request | None = None
        """What was asked for last."""
        self._http = h11.Connection(role, max_incomplete_event_size=_HEAD_BYTES)

    async def next_event(self) -> h11.Event | None:
        """Return what the peer says next; None where it has nothing to say now.

        Raises:
            OSError: The connection was cut, or silent for too long.
            h11.RemoteProtocolError: It is not HTTP.
        """
        while (event := self._http.next_event()) is h11.NEED_DATA:
            async with asyncio.timeout(IDLE_S):
                self._http.receive_data(await self.connection.receive())
        if isinstance(event, h11.Request):
            self.request = event
        return event if isinstance(event, h11.Event) else None

    async def send(self, *events: h11.Event) -> None:
        """Send events in one piece."""
        await self.connection.send(b"".join(self._http.send(event) or b"" for event in events))

    @property
    def may_answer(self) -> bool:
        """Whether no answer was begun."""
        return self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE)

    @property
    def early(self) -> bytes:
        """What came after the request."""
        return bytes(self._http.trailing_data[0])


async def forward(client: HttpPeer, far: Connection, host: Host, port: int, path: bytes) -> None:
    """Send a client's request to a host and its answer back.

    Raises:
        OSError: A side was cut.
        h11.RemoteProtocolError: The client's body is malformed.
        UnreachableError: The host's answer is.
    """
    request = client.request
    assert request is not None
    server = HttpPeer(far, h11.CLIENT)
    await server.send(_rewritten(request, host, port, path))
    body = asyncio.ensure_future(_carry_body(client, server))
    answer = asyncio.ensure_future(_carry_answer(server, client))
    try:
        await asyncio.wait({body, answer}, return_when=asyncio.FIRST_COMPLETED)
        if body.done():
            body.result()
        await answer
    finally:
        for task in (body, answer):
            task.cancel()
        await asyncio.gather(body, answer, return_exceptions=True)


def _rewritten(request: h11.Request, host: Host, port: int, path: bytes) -> h11.Request:
    fields = _passed(request)
    if _is_chunked(request):
        if any(name == b"content-length" for name, _ in request.headers):
            raise RefusedError(host, port, "the request has two lengths", status=400)
        fields.append((b"Transfer-Encoding", b"chunked"))
    fields = [(name, value) for name, value in fields if name.lower() != b"host"]
    shown = f"[{host}]" if isinstance(host, IPv6Address) else str(host)
    authority = shown if port == 80 else f"{shown}:{port}"
    return h11.Request(
        method=request.method,
        target=path,
        headers=[(b"Host", authority.encode()), *fields, (b"Connection", b"close")],
    )


def _passed(message: Message) -> list[tuple[bytes, bytes]]:
    named = {
        name.strip().lower() for key, value in message.headers if key == b"connection" for name in value.split(b",")
    }
    dropped = _HOP_BY_HOP | (named - _OURS)
    if _is_chunked(message):
        dropped |= {b"content-length"}
    return [(name, value) for name, value in message.headers.raw_items() if name.lower() not in dropped]


def _is_chunked(message: Message) -> bool:
    return any(name == b"transfer-encoding" for name, _ in message.headers)


async def _carry_body(client: HttpPeer, server: HttpPeer) -> None:
    while True:
        event = await client.next_event()
        try:
            if isinstance(event, h11.Data):
                await server.send(event)
            elif isinstance(event, h11.EndOfMessage):
                await server.send(h11.EndOfMessage())
                return
            else:
                raise ConnectionAbortedError("the client left")
        except (ConnectionResetError, BrokenPipeError):
            return  # the host wants no more; it may have answered before


async def _carry_answer(server: HttpPeer, client: HttpPeer) -> None:
    try:
        while True:
            event = await server.next_event()
            if isinstance(event, h11.InformationalResponse):
                if event.status_code == 100:
                    await client.send(h11.InformationalResponse(status_code=100, headers=[]))
            elif isinstance(event, h11.Response):
                fields = [*_passed(event), (b"Connection", b"close")]
                await client.send(h11.Response(status_code=event.status_code, reason=event.reason, headers=fields))
            elif isinstance(event, h11.Data):
                await client.send(event)
            elif isinstance(event, h11.EndOfMessage):
                await client.send(h11.EndOfMessage())
                return
            else:
                raise UnreachableError("the host hung up without an answer")
    except h11.RemoteProtocolError as error:
        raise UnreachableError(f"the host's answer is malformed: {error}") from error
