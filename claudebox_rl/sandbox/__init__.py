"""Isolated machines behind one contract, chosen by name."""

from __future__ import annotations

from claudebox_rl._registry import check, resolve
from claudebox_rl.sandbox.base import Sandbox
from claudebox_rl.sandbox.exec_stream import ExecStream
from claudebox_rl.sandbox.metrics import RefusedConnection, SandboxMetrics
from claudebox_rl.sandbox.spec import Capabilities, ExecResult, ExitStatus, Mount, OutputChunk, SandboxSpec, Secret

SANDBOXES = {
    "boxlite": "claudebox_rl.sandbox.boxlite:BoxliteSandbox",
    "fake": "claudebox_rl.testing.fake_sandbox:FakeSandbox",
    "local": "claudebox_rl.sandbox.local:LocalSandbox",
    "unsafe": "claudebox_rl.sandbox.unsafe:UnsafeSandbox",
}
"""Backends by name. `auto` is a choice between them: see `claudebox_rl.sandbox.auto`."""


def sandbox_class(name: str) -> type[Sandbox]:
    """Return the backend class of that name.

    Raises:
        ConfigError: Unknown name (the message lists the known ones), or its package is not installed.
    """
    return resolve("sandbox", name, SANDBOXES)


def check_sandbox_name(name: str) -> None:
    """Refuse an unknown backend without importing one; `auto` is known.

    Raises:
        ConfigError: Unknown name.
    """
    if name != "auto":
        check("sandbox", name, SANDBOXES)


__all__ = [
    "SANDBOXES",
    "Capabilities",
    "ExecResult",
    "ExecStream",
    "ExitStatus",
    "Mount",
    "OutputChunk",
    "RefusedConnection",
    "Sandbox",
    "SandboxMetrics",
    "SandboxSpec",
    "Secret",
    "check_sandbox_name",
    "sandbox_class",
]
