"""The way out of an installation: a proxy of the host, led into the one machine that installs.

It is the sandboxes' own, with one more thing let through: a package index that the host's own configuration names may
have an address in a private network. The machine itself has no network at all, on either backend.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from claudebox_rl.sandbox import Sandbox
from claudebox_rl.sandbox._egress.addresses import Address, is_dialable, is_own
from claudebox_rl.sandbox._egress.egress import Egress, proxy_env
from claudebox_rl.sandbox._egress.resolver import resolve
from claudebox_rl.sandbox._network.relay import Relay
from claudebox_rl.sandbox._network.traffic import Traffic


class _Indexes:
    """Addresses of the package indexes, as far as they were asked for."""

    def __init__(self, hosts: set[str]) -> None:
        self._hosts, self._known = hosts, set[Address]()

    async def resolve(self, name: str) -> Sequence[Address]:
        found = await resolve(name)
        if name in self._hosts:
            self._known.update(each for each in found if not is_own(each) and not each.is_link_local)
        return found

    def is_dialable(self, address: Address) -> bool:
        return address in self._known or is_dialable(address)


@asynccontextmanager
async def open_door(sandbox: Sandbox, hosts: set[str]) -> AsyncGenerator[dict[str, str]]:
    """Let a running machine out to the internet and to package indexes, never to the host itself.

    Args:
        sandbox: The machine.
        hosts: Names that may stand for addresses of a private network.

    Yields:
        The variables by which programs inside find the way.
    """
    indexes = _Indexes(hosts)
    egress = Egress(None, Traffic(), resolve=indexes.resolve, is_dialable=indexes.is_dialable)
    relay, listener = Relay(egress.serve), socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    await relay.open(listener)
    try:
        yield proxy_env(await sandbox.expose_host_port(port))
    finally:
        await relay.close()
