"""What every backend's published ports must do."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from claudebox_rl.sandbox import Sandbox


async def assert_ends_with(box: Sandbox, address: str) -> None:
    """Stop a sandbox while somebody is connected to its published port: both the connection and the port end."""
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"hello")
    await box.stop()
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))
