"""`sandbox=auto`: BoxLite where a micro-VM really runs, else `local`; never `unsafe`.

That /dev/kvm is there proves nothing: a guest can die on it all the same. So one small box is booted once, in a process
of its own, and the answer is remembered below `~/.claudebox/` for as long as it can hold.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from claudebox_rl._resources import home
from claudebox_rl.errors import SandboxStartError

PROBE_TIMEOUT_S = 300.0
"""For an image, its disk, a boot and one command, together; a guest that dies is seen after half a minute."""
NO_HOLDS_S = 24 * 3600.0
"""How long a "no" is believed; a "yes" is, until kernel, boot, BoxLite or image change."""

_PROBE = """
import asyncio, sys
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.spec import SandboxSpec

async def main():
    async with BoxliteSandbox(SandboxSpec(image=sys.argv[1] or None, memory_mib=512, start_timeout_s=240.0)) as box:
        result = await box.exec(["echo", "alive"], timeout_s=20)
        assert result.text.strip() == "alive", result

try:
    asyncio.run(main())
except Exception as error:
    sys.exit(str(error) or type(error).__name__)
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend, and why that one."""

    name: str
    reason: str
    """A few words, for one line of output."""


async def choose_sandbox(*, image: str | None = None) -> Choice:
    """Choose the strongest backend that runs on this host.

    Args:
        image: What a micro-VM would boot; None: BoxLite's default.

    Raises:
        SandboxStartError: Neither BoxLite nor `local` runs here; says why not, for both.
    """
    no_box = await why_not_boxlite(image)
    if no_box is None:
        return Choice("boxlite", "a micro-VM runs here")
    try:
        await try_local()
    except SandboxStartError as no_local:
        raise SandboxStartError(
            f"no isolated sandbox runs on this host.\nboxlite: {no_box}\nlocal: {no_local}\n"
            "sandbox=unsafe plays without any isolation, for code that you trust"
        ) from no_local
    return Choice("local", f"no micro-VM runs here: {no_box}")


async def why_not_boxlite(image: str | None = None) -> str | None:
    """Return why no micro-VM runs here, or None where one does. Boots one the first time; then remembers."""
    if (plain := _plain_obstacle()) is not None:
        return plain
    key = _key(image)
    if (known := _recall(key)) is not None:
        return known["obstacle"]
    obstacle = await _try_box(image)
    _remember(key, obstacle)
    return obstacle


def _plain_obstacle() -> str | None:
    """What can be told without booting anything."""
    try:
        version("boxlite")
    except PackageNotFoundError:
        return "the package boxlite is not installed"
    if sys.platform == "darwin":
        return None if platform.machine() == "arm64" else "BoxLite needs Apple silicon"
    if sys.platform != "linux":
        return f"BoxLite does not run on {sys.platform}"
    return why_no_kvm()


def why_no_kvm() -> str | None:
    """Return why this process can't make virtual machines by KVM, as far as its device tells; None where it can."""
    kvm = Path("/dev/kvm")
    if not kvm.exists():
        return "/dev/kvm is missing"
    return None if os.access(kvm, os.R_OK | os.W_OK) else "this user can't open /dev/kvm (group kvm)"


async def _try_box(image: str | None) -> str | None:
    """Boot a box in a process of its own, which a crash or a hang of the native library can't outlive."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PROBE,
        image or "",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            _, said = await process.communicate()
    except TimeoutError:
        return f"a trial box was not up in {PROBE_TIMEOUT_S:g} s"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        return None
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return f"a trial box failed: {lines[-1] if lines else f'exit code {process.returncode}'}"


async def try_local() -> None:
    """Start a `local` sandbox and run a command in it.

    Raises:
        SandboxStartError: It does not run here; says why, and what to do.
    """
    from claudebox_rl.sandbox.local import LocalSandbox

    async with LocalSandbox() as sandbox:
        result = await sandbox.exec(["true"], timeout_s=20)
    if result.exit_code != 0:
        raise SandboxStartError(f"a trial command ended with exit code {result.exit_code}", cause="trial")


def memory_file() -> Path:
    """Return the file that remembers trials; remove it to have them made again."""
    return home() / "probe-boxlite.json"


def _key(image: str | None) -> str:
    """Name everything that a trial's answer hangs on."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return " ".join(
        (version("boxlite"), platform.release(), boot.read_text().strip() if boot.exists() else "", image or "default")
    )


def _recall(key: str) -> dict[str, Any] | None:
    entry = _memory().get(key)
    if entry is None or (entry["obstacle"] is not None and time.time() - entry["at"] > NO_HOLDS_S):
        return None
    return entry


def _remember(key: str, obstacle: str | None) -> None:
    file = memory_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(json.dumps({**_memory(), key: {"obstacle": obstacle, "at": time.time()}}, indent=1))
    draft.replace(file)


def _memory() -> dict[str, dict[str, Any]]:
    try:
        memory: object = json.loads(memory_file().read_text())
    except (FileNotFoundError, ValueError):
        return {}  # missing, cut short or edited: the trials are made again
    return cast("dict[str, dict[str, Any]]", memory) if isinstance(memory, dict) else {}
