"""What a sandbox's network policy lets through, and the connections that it opens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from claudebox_rl.sandbox._egress.addresses import Address, is_dialable
from claudebox_rl.sandbox._egress.hosts import Host, parse_blocked, parse_patterns, plain_host
from claudebox_rl.sandbox._egress.proxy import serve_proxy
from claudebox_rl.sandbox._egress.refusal import RefusedError, UnreachableError
from claudebox_rl.sandbox._egress.resolver import Resolve, resolve
from claudebox_rl.sandbox._network.connection import Connection, Counted, SocketConnection
from claudebox_rl.sandbox._network.traffic import Traffic

Dial = Callable[[str, int], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
PROXY_PORT = 3128
_MOST_CONNECTIONS, _MOST_ADDRESSES = 128, 4
_RESOLVE_S, _DIAL_S = 10.0, 10.0
_MOST_LOOKUPS = 8
_DIRECT = "localhost,127.0.0.1,::1"


class Egress:
    """The proxy of one sandbox.

    Args:
        allowed_hosts: As in `SandboxSpec`; None: every public address.
        traffic: Where bytes and refusals are counted.
        blocked_hosts: As in `SandboxSpec`; they come before what is allowed.
        resolve: Gives the addresses of a name.
        is_dialable: Says whether an address may be dialled.
        dial: Opens a connection to an address and a port.

    Raises:
        ConfigError: An entry of the hosts is malformed.
    """

    def __init__(
        self,
        allowed_hosts: Sequence[str] | None,
        traffic: Traffic,
        *,
        blocked_hosts: Sequence[str] = (),
        resolve: Resolve = resolve,
        is_dialable: Callable[[Address], bool] = is_dialable,
        dial: Dial = asyncio.open_connection,
    ) -> None:
        self._allowed = None if allowed_hosts is None else parse_patterns(allowed_hosts)
        self._blocked = parse_blocked(blocked_hosts)
        self._blocks_names = any(isinstance(pattern.host, str) for pattern in self._blocked)
        # Else a blocked host could be met in a tunnel to another one.
        self.restricts = self._allowed is not None or bool(self._blocked)
        self._traffic = traffic
        self._resolve, self._is_dialable, self._dial = resolve, is_dialable, dial
        self._lookups = asyncio.Semaphore(_MOST_LOOKUPS)
        self._num_connections = 0

    async def serve(self, near: Connection) -> None:
        """Serve one connection from inside: a `Door`."""
        self._num_connections += 1
        try:
            await serve_proxy(near, self, full_house=self._num_connections > _MOST_CONNECTIONS)
        finally:
            self._num_connections -= 1

    def note(self, refused: RefusedError) -> None:
        """Count a refusal."""
        self._traffic.refuse(refused.host, refused.port, refused.reason)

    async def connect(self, host: Host, port: int) -> Connection:
        """Open a connection that the policy allows.

        Raises:
            RefusedError: It does not allow it.
            UnreachableError: The host has no address, or does not answer.
        """
        self._check(host, port)
        addresses = [address for address in await self._addresses(host) if self._is_dialable(address)]
        for address in addresses:
            self._check_blocked(host, address, port)
        if not addresses:
            raise RefusedError(host, port, "it has no public address; the network policy reaches no others")
        problem: OSError | None = None
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                async with asyncio.timeout(_DIAL_S):
                    return Counted(SocketConnection(*await self._dial(str(address), port)), self._traffic)
            except OSError as error:
                problem = error
        raise UnreachableError(f"{host}:{port} does not answer: {problem or 'no time left'}")

    def _check(self, host: Host, port: int) -> None:
        self._check_blocked(host, host, port)
        if self._allowed is None and self._blocks_names and not isinstance(host, str):
            raise RefusedError(host, port, "it is an address, which a name in blocked_hosts may have; ask for a name")
        if self._allowed is not None and not any(pattern.means(host, port) for pattern in self._allowed):
            entry = f"{host}" if port in (80, 443) else f"{host}:{port}"
            raise RefusedError(host, port, f"it is not in allowed_hosts; {entry!r} there would allow it")

    def _check_blocked(self, asked: Host, host: Host, port: int) -> None:
        if any(pattern.means(plain_host(host), port) for pattern in self._blocked):
            raise RefusedError(asked, port, "it is in blocked_hosts")

    async def _addresses(self, host: Host) -> Sequence[Address]:
        if not isinstance(host, str):
            return [host]
        try:
            async with asyncio.timeout(_RESOLVE_S), self._lookups:
                return await self._resolve(host)
        except OSError as error:
            raise UnreachableError(f"{host} was not found: {error or 'no answer in time'}") from error


def proxy_env(address: str) -> dict[str, str]:
    """Return the variables by which programs find the proxy, at `host:port` inside."""
    ways = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), f"http://{address}") | {"no_proxy": _DIRECT}
    return ways | {name.upper(): value for name, value in ways.items()}
