"""The choice behind `sandbox=auto`: a micro-VM where one can really run, else `local`, never `unsafe`.

A /dev/kvm that opens, and even makes a VM, proves nothing: in nested virtualisation a guest may still die. So one small
box is booted, once, in a process of its own that may crash or hang, and the answer is remembered in
`probe-boxlite.json` in our home: for this boxlite, this kernel, this boot and this image. `CLAUDEBOX_SANDBOX_PROBE=again`
or deleting the file asks anew.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import platform
import signal
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from claudebox_rl._resources import home
from claudebox_rl.errors import SandboxError, SandboxStartError
from claudebox_rl.sandbox import SandboxSpec, sandbox_class

_AGAIN = "CLAUDEBOX_SANDBOX_PROBE"
_FILE = "probe-boxlite.json"
_KVM = Path("/dev/kvm")
_PROBE_S = 300.0
"""For the pull of the image and the boot, together; a guest that dies is seen after 20 to 30 s."""
_IMAGE_FAULT_S = 3600.0
"""How long a missing image is believed: networks come back."""
_CHARS = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """Which sandbox to take, and why."""

    name: str
    """`boxlite` or `local`."""
    reason: str

    @property
    def line(self) -> str:
        """The choice in one line, for people."""
        return f"sandbox: {self.name} ({self.reason})"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of booting a box."""

    fault: str | None
    """None: it ran a command."""
    about_image: bool = False
    """The image could not be had, which says nothing about this computer."""
    at: float = 0.0
    """Seconds since the epoch."""

    @property
    def holds(self) -> bool:
        return not self.about_image or 0 <= time.time() - self.at < _IMAGE_FAULT_S


async def choose_sandbox(*, image: str | None = None) -> Choice:
    """Choose between `boxlite` and `local`. Boots a box at the first call, and starts and stops a local sandbox.

    Args:
        image: What the sandbox is to boot; None: the backend's default. Only `boxlite` boots images.

    Raises:
        SandboxStartError: Neither can run here. Names both causes, and `sandbox=unsafe` as the explicit way without
            isolation.
    """
    no_micro_vm = obstacle() or await _boot_fault(image)
    if no_micro_vm is None:
        return Choice("boxlite", "a micro-VM runs here")
    no_local = await _local_fault() if image is None else f"it can't boot the image {image}"
    if no_local is None:
        return Choice("local", f"micro-VMs don't run here: {no_micro_vm}")
    raise SandboxStartError(
        f"no isolated sandbox can run here. boxlite: {no_micro_vm}. local: {no_local}. "
        "Without any isolation, and only for code that you trust: sandbox=unsafe",
        boxlite=no_micro_vm,
        local=no_local,
    )


def obstacle() -> str | None:
    """Return what keeps micro-VMs from running here, as far as it shows without booting one; None: nothing."""
    if not (sys.platform == "linux" or (sys.platform == "darwin" and platform.machine() == "arm64")):
        return f"there is no boxlite for {sys.platform} on {platform.machine()}"
    try:
        version("boxlite")
    except PackageNotFoundError:
        return "the package boxlite is not installed"
    if sys.platform == "linux":
        try:
            os.close(os.open(_KVM, os.O_RDWR))
        except FileNotFoundError:
            return f"{_KVM} is missing"
        except OSError as error:
            return f"{_KVM} can't be opened by this user: {error.strerror}"
    return None


async def _boot_fault(image: str | None) -> str | None:
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    async with _alone():
        answer = None if os.environ.get(_AGAIN) == "again" else recall(image)
        if answer is None or not answer.holds:
            answer = await _probe(image)
            remember(image, answer)
    return answer.fault


async def _local_fault() -> str | None:
    try:
        async with sandbox_class("local")() as sandbox:
            result = await sandbox.exec(["true"], timeout_s=10)
    except SandboxError as error:
        return str(error)
    return None if result.exit_code == 0 else f"true ended with {result.exit_code} in it"


# The probe


async def _probe(image: str | None) -> _Answer:
    """Boot a box in a process of its own, and end that with all it started when the time is over."""
    spec = json.dumps({"image": image})
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "claudebox_rl.sandbox._box_probe",
        spec,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_PROBE_S):
            said, _ = await process.communicate()
        return _read_probe(said, process.returncode)
    except TimeoutError:
        return _Answer(f"a box did not boot in {_PROBE_S:g} s", at=time.time())
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _read_probe(said: bytes, code: int | None) -> _Answer:
    try:
        answer: dict[str, Any] = json.loads(said.splitlines()[-1])
        return _Answer(answer["fault"], answer["about_image"], time.time())
    except (IndexError, ValueError, KeyError, TypeError):
        ended = f"signal {-code}" if code is not None and code < 0 else f"code {code}"
        return _Answer(f"the probe of boxlite ended with {ended}", at=time.time())


# The memory


@asynccontextmanager
async def _alone() -> AsyncGenerator[None]:
    """Let one process probe at a time; the others then read its answer."""
    with (home() / f"{_FILE}.lock").open("w") as file:
        await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        yield


def remember(image: str | None, answer: _Answer) -> None:
    """Write an answer down; those of another computer state are dropped."""
    known = _read()
    known[image or ""] = {"fault": answer.fault, "about_image": answer.about_image, "at": answer.at}
    partial = home() / f"{_FILE}.partial"
    partial.write_text(json.dumps({"host": _host(), "answers": known}))
    partial.replace(home() / _FILE)


def recall(image: str | None) -> _Answer | None:
    """Return what is remembered about an image; None where nothing is."""
    try:
        return _Answer(**_read()[image or ""])
    except (KeyError, TypeError):
        return None


def _read() -> dict[str, Any]:
    try:
        known: object = json.loads((home() / _FILE).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    fields = cast("dict[str, Any]", known)
    answers = fields.get("answers")
    return cast("dict[str, Any]", answers) if fields.get("host") == _host() and isinstance(answers, dict) else {}


def _host() -> dict[str, str]:
    boot = Path("/proc/sys/kernel/random/boot_id")
    return {
        "boxlite": version("boxlite"),
        "kernel": platform.release(),
        "boot": boot.read_text().strip() if boot.exists() else "",
    }
