"""The part of a box's sandbox that needs no BoxLite: supervisor and connections over one program's standard streams."""

from __future__ import annotations

import asyncio
from typing import Any

from claudebox_rl.errors import SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox._box.link import BoxLink
from claudebox_rl.sandbox._box.options import HOME, secret_env
from claudebox_rl.sandbox._box.pulse import feel_pulse
from claudebox_rl.sandbox._guest.wire import WireError
from claudebox_rl.sandbox._host_folder import HostFolder
from claudebox_rl.sandbox._network.connection import Connection, Door
from claudebox_rl.sandbox._supervised.filled import FilledSandbox
from claudebox_rl.sandbox._supervised.frames import Channel, Exchange, integer
from claudebox_rl.sandbox._supervised.settings import settings
from claudebox_rl.sandbox.base import WRITABLE
from claudebox_rl.sandbox.spec import SandboxSpec

FOLDERS = (*WRITABLE, HOME)
_MOST = 1 << 62


class LinkedSandbox(FilledSandbox):
    """A sandbox that is reached over the streams of its main command, or of the bridge of a later host."""

    def __init__(self, spec: SandboxSpec | None = None) -> None:
        super().__init__(spec)
        self._link: BoxLink | None = None

    async def _connect(self, execution: Any, *, key: str | None = None, is_first: bool = True) -> None:
        channel = Channel(on_close=lambda: None)
        link = self._link = BoxLink(execution, on_end=channel.close)
        self._held.push_async_callback(link.close)
        image_env, control = await link.open(bytes.fromhex(key) if key and not is_first else None)
        self._held.callback(control.close)
        self._held.push_async_callback(channel.wait_closed)
        self._held.callback(channel.close, "it was stopped")
        self._env = {"LANG": "C.UTF-8", **image_env, "HOME": HOME, **secret_env(self.spec), **self.spec.env}
        told = settings(self.spec, self.capabilities(), FOLDERS, uid=None, account="machine", counts_memory=True)
        try:
            channel.check()
            await channel.open(control, {**told, "key": key} if is_first else {"op": "join"})
        except SandboxUnavailableError as error:
            raise SandboxStartError(f"the box did not start: {link.said.strip() or error}") from error
        self._channel = channel
        pulse = asyncio.create_task(feel_pulse(channel))
        self._held.callback(pulse.cancel)

    async def _go_on(self, kept: dict[str, Any]) -> None:
        """Take up, on a new connection, what another host has left off."""
        self._env = dict(kept["env"])
        self._traffic.sent, self._traffic.received = kept.get("traffic", (0, 0))
        if self.spec.network in self._proxied:
            await self._open_egress()
        with Exchange(self._live()) as exchange:
            reply, _ = await exchange.ask(op="count", last=True)
        self._num_commands = integer(reply, "num_commands", 0, _MOST)

    def _shown_workspace(self) -> HostFolder:
        assert self.spec.workspace is not None
        return HostFolder(self.spec.workspace)

    # Ports

    async def _lead(self, channel: Channel, port: int, door: Door) -> str:
        assert self._link is not None
        self._link.doors.append(door)
        with Exchange(channel) as exchange:
            reply, _ = await exchange.ask(op="listen", port=port, last=True)
        try:
            return f"127.0.0.1:{integer(reply, 'port', 1, (1 << 16) - 1)}"
        except WireError as error:
            channel.close(f"its supervisor broke the protocol: {error}")
            raise SandboxUnavailableError(f"the sandbox gave no port: {error}") from error

    async def _reach(self, channel: Channel, port: int, near: Connection) -> None:
        channel.check()
        assert self._link is not None
        await self._link.reach(port, near)
