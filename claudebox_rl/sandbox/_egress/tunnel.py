"""The first bytes of a tunnel: whether they are for the host that was asked for."""

from __future__ import annotations

import asyncio

from claudebox_rl.sandbox._egress.client_hello import NotTlsError, looks_like_tls, server_name
from claudebox_rl.sandbox._egress.hosts import Host, parse_host
from claudebox_rl.sandbox._egress.refusal import RefusedError
from claudebox_rl.sandbox._network.connection import Connection

TLS_PORT = 443
UNRECOGNIZED_NAME = bytes.fromhex("15 0303 0002 02 70")
"""The alert that tells a TLS client why (RFC 8446 section 6.2)."""
_HELLO_S = 30.0


class Resumed:
    """A connection of which some bytes were read already."""

    def __init__(self, connection: Connection, early: bytes) -> None:
        self._connection, self._early = connection, early
        self.send, self.end = connection.send, connection.end
        self.close, self.cut = connection.close, connection.cut

    async def receive(self) -> bytes:
        """Return the next bytes."""
        early, self._early = self._early, b""
        return early or await self._connection.receive()


class Checked:
    """A client's side of a tunnel that may carry TLS to one host only.

    At port 443 it must be TLS; at other ports, which somebody has listed, TLS is looked into and the rest passes.
    """

    def __init__(self, connection: Connection, host: Host, port: int) -> None:
        self._connection, self._host, self._port = connection, host, port
        self._checked = False
        self.send, self.end = connection.send, connection.end
        self.close, self.cut = connection.close, connection.cut

    async def receive(self) -> bytes:
        """Return the next bytes.

        Raises:
            RefusedError: They are not for this host.
        """
        if self._checked:
            return await self._connection.receive()
        first = await self._first()
        self._checked = True
        return first

    async def _first(self) -> bytes:
        received = b""
        name: str | None = None
        # At other ports the host may be the one that speaks first.
        async with asyncio.timeout(_HELLO_S if self._port == TLS_PORT else None):
            while name is None:
                data = await self._connection.receive()
                received += data
                if not data or (self._port != TLS_PORT and not looks_like_tls(received)):
                    return self._whole(received)
                try:
                    name = server_name(received)
                except NotTlsError as error:
                    raise self._refusal(f"at port {self._port} only TLS passes: {error}") from error
        self._check(name)
        return received

    def _whole(self, received: bytes) -> bytes:
        if received and looks_like_tls(received):
            raise self._refusal("the TLS handshake is cut short")
        return received

    def _check(self, name: str) -> None:
        if not name and not isinstance(self._host, str):
            return  # TLS has no names for addresses
        try:
            meant = parse_host(name)
        except ValueError:
            meant = None
        if meant != self._host:
            raise self._refusal(f"TLS is for {name or 'no host'!r}, another than was asked for")

    def _refusal(self, reason: str) -> RefusedError:
        return RefusedError(self._host, self._port, reason)
