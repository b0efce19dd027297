"""Where the paths of a shell command lead in the sandbox, links followed and patterns expanded."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox import Sandbox

_EXPAND = "IFS=; shopt -s nullglob dotglob extglob globstar; for each in $1; do printf '%s\\0' \"$each\"; done"
"""Gives at least what the agent's own shell would find, whatever its options."""
_EXPAND_S = 10.0
_MOST_MATCHES = 1000
_MOST_BYTES = 1 << 20


async def follow(sandbox: Sandbox, ways: Mapping[str, bool]) -> dict[str, tuple[str | None, ...]]:
    """Return where paths lead, of those that lead elsewhere than they say; None: it can't be told.

    Args:
        sandbox: Where they lead.
        ways: Absolute paths as written, each with whether it is a pattern of paths.
    """
    led = await asyncio.gather(*(_led(sandbox, way, is_pattern) for way, is_pattern in ways.items()))
    return {way: places for way, places in zip(ways, led, strict=True) if places != (way,)}


async def _led(sandbox: Sandbox, way: str, is_pattern: bool) -> tuple[str | None, ...]:
    found = await _matches(sandbox, way) if is_pattern else [way]
    if found is None:
        return (None,)
    return tuple(dict.fromkeys(await asyncio.gather(*(_resolved(sandbox, path) for path in found))))


async def _resolved(sandbox: Sandbox, path: str) -> str | None:
    try:
        return await sandbox.resolve_path(path)
    except SandboxError:
        return None


async def _matches(sandbox: Sandbox, pattern: str) -> list[str] | None:
    """Return what a pattern matches; None: it takes too long, or is too much."""
    argv = ["bash", "-c", _EXPAND, "bash", pattern]
    found = await sandbox.exec(argv, timeout_s=_EXPAND_S, output_cap_bytes=_MOST_BYTES)
    paths = os.fsdecode(found.stdout).split("\0")[:-1]
    return paths if found.exit_code == 0 and not found.truncated and len(paths) <= _MOST_MATCHES else None
