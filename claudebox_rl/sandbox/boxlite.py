"""`boxlite`: a micro-VM with a kernel of its own, from an OCI image (BoxLite 0.10 on KVM, or on Apple silicon).

The supervisor of `_guest` is the box's main command and its process 1. Commands run as the image's own user, root in
most: the boundary is the VM. What they leave of the host's: the folders of the spec, and the exposed ports.

- `network="none"` is BoxLite's network mode `disabled`: the box has no interface but its loopback. An exposed port is a
  socket of the supervisor inside, and each of its connections travels over the main command's standard streams. So
  exactly that port is reachable; BoxLite's own door to the host's loopback would open all of its ports.
- `network="full"` reaches what the host reaches, but not the host's loopback: process 1 makes BoxLite's address for it
  unreachable and gives up the right to undo that, before a command runs.
- With a workspace of the host, BoxLite's own process runs in its namespaces but without its seccomp filter, which is
  too narrow for such a folder (0.10.8). Files in it belong to root inside and to the folder's owner outside.
- `max_processes` can't be enforced for root and is refused where it is not the default; the guest kernel's own limit
  is about eight threads for each MiB of memory.
- A process that is killed takes its boxes with it (BoxLite's shim watches its owner), and the next runtime on its
  folder removes what they left on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from pathlib import Path, PurePosixPath
from typing import Any

from claudebox_rl.errors import ConfigError, SandboxError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox import _box_runtime, journal, reaper
from claudebox_rl.sandbox._box_link import BoxLink
from claudebox_rl.sandbox._check_spec import check_mounts
from claudebox_rl.sandbox._connection import Connection, Door
from claudebox_rl.sandbox._frames import Channel, Exchange, integer
from claudebox_rl.sandbox._guest.wire import WireError
from claudebox_rl.sandbox._settings import settings
from claudebox_rl.sandbox._supervised import SupervisedSandbox
from claudebox_rl.sandbox.base import WORKSPACE, WRITABLE
from claudebox_rl.sandbox.spec import Capabilities, Mount, SandboxSpec, is_layout

DEFAULT_IMAGE = "python:3.12-slim-bookworm"
HOME = "/home/agent"
_DEFAULT_CPUS, _DEFAULT_MEMORY_MIB, _DISK_GB = 1, 2048, 16
_LEAST_MEMORY_MIB = 256
_MOST_CPUS = 255
_PULL_S = 900.0
_STOP_S = 30.0
_GUEST_PATH = "/run/claudebox"
_GUEST = f"{_GUEST_PATH}/claudebox_rl/sandbox/_guest"
_GUEST_SOURCE = Path(__file__).parent / "_guest"
_MAIN = f"""
import sys
if sys.version_info < (3, 10):
    sys.exit("the image's python3 is " + sys.version.split()[0] + "; 3.10 or newer is needed")
sys.path.insert(0, {_GUEST_PATH!r})
from claudebox_rl.sandbox._guest.box import main
main({(*WRITABLE, HOME)!r}, has_network=%r)
"""
_CAPABILITIES = {False: {"drop": ["NET_RAW"]}, True: {"drop": ["NET_RAW"], "add": ["NET_ADMIN"]}}
"""By whether there is a network. Raw sockets would go past the closed door (`_guest.host_door`)."""
_RESERVED = (*WRITABLE, HOME, "/tmp", "/proc", "/sys", "/dev", "/etc", "/usr", "/bin", "/lib", _GUEST_PATH)


class BoxliteSandbox(SupervisedSandbox):
    """A BoxLite micro-VM. It belongs to the event loop that starts it.

    The image needs python3 (3.10 or newer) and `sh`. Its variables are every command's; `spec.env` goes over them.
    Pulling an image has a time of its own (15 minutes) before `start_timeout_s` begins, but BoxLite makes the disk of a
    new image at its first start. Without `cpus` and `memory_mib` a box has 1 CPU and 2 GiB.

    Raises:
        ConfigError: The spec asks for parts of a CPU, for a number of processes, for a folder that is none, or for an
            image folder that is no OCI layout.
    """

    name = "boxlite"

    @classmethod
    def capabilities(cls) -> Capabilities:
        """Return what a micro-VM gives."""
        return Capabilities(
            isolation="microvm",
            networks=frozenset({"none", "restricted", "full"}),
            images=frozenset({"layout", "registry"}),
            hard_limits=frozenset({"cpus", "memory_mib", "max_file_bytes"}),
        )

    def __init__(self, spec: SandboxSpec | None = None) -> None:
        super().__init__(spec)
        _check_size(self.spec)
        check_mounts(self.spec, _RESERVED)
        self._image = self.spec.image or DEFAULT_IMAGE
        self._box: Any = None
        self._link: BoxLink | None = None

    async def _boot(self) -> None:
        runtime = await asyncio.to_thread(_box_runtime.runtime)
        await asyncio.to_thread(reaper.reap)
        entry = await asyncio.to_thread(journal.record, self.sandbox_id, self.name)
        self._held.callback(journal.forget, self.sandbox_id)
        if not is_layout(self._image):
            await self._in_time(_PULL_S, runtime.images.pull(self._image), "image", f"the pull of {self._image}")
        self._held.push_async_callback(self._remove, runtime)
        await self._in_time(self.spec.start_timeout_s, self._bring_up(runtime, entry), "boot", "the boot")

    async def _in_time(self, limit_s: float, work: Awaitable[object], cause: str, what: str) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await work
        except TimeoutError as error:
            said = self._link.said.strip() if self._link else ""
            raise SandboxStartError(f"{what} took more than {limit_s:g} s. {said}".strip(), cause=cause) from error
        except SandboxError:
            raise
        except Exception as error:  # BoxLite's classes are known only to its native part
            raise _box_runtime.explain(error, self._image) from error

    async def _bring_up(self, runtime: Any, entry: journal.MachineRecord) -> None:
        # Held as long as this: BoxLite shuts a box down when its last handle is gone.
        box = self._box = await runtime.create(self._options(), name=self.sandbox_id)
        await box.start()
        pid = (await box.info()).state.pid
        if pid:
            journal.record_machine(entry, pid)
        await self._connect(await box.attach())

    async def _connect(self, execution: Any) -> None:
        channel = Channel(on_close=lambda: None)
        link = self._link = BoxLink(execution, on_end=channel.close)
        self._held.push_async_callback(link.close)
        image_env, control = await link.open()
        self._held.callback(control.close)
        self._held.push_async_callback(channel.wait_closed)
        self._held.callback(channel.close, "it was stopped")
        self._env = {"LANG": "C.UTF-8", **image_env, "HOME": HOME, **self.spec.env}
        told = settings(
            self.spec, self.capabilities(), (*WRITABLE, HOME), uid=None, account="machine", counts_memory=True
        )
        try:
            channel.check()
            await channel.open(control, told)
        except SandboxUnavailableError as error:
            raise SandboxStartError(f"the box did not start: {link.said.strip() or error}") from error
        self._channel = channel

    def _options(self) -> Any:
        boxlite = _box_runtime.load()
        has_network = self.spec.network == "full"
        mode = "enabled" if has_network else "disabled"
        return boxlite.BoxOptions(
            **{"rootfs_path" if is_layout(self._image) else "image": self._image},
            cpus=int(self.spec.cpus or _DEFAULT_CPUS),
            memory_mib=self.spec.memory_mib or _DEFAULT_MEMORY_MIB,
            disk_size_gb=_DISK_GB,
            volumes=self._volumes(),
            network=boxlite.NetworkSpec(outbound=boxlite.OutboundNetworkSpec(mode=mode)),
            entrypoint=["python3", "-I", "-S", "-c", _MAIN % has_network],
            advanced=self._advanced(boxlite, has_network),
            cmd=[],
            auto_remove=True,
            detach=False,
        )

    def _advanced(self, boxlite: Any, has_network: bool) -> Any:
        security = boxlite.SecurityOptions.standard()
        # BoxLite's filter kills its own process, and so the box, at the system calls by which a guest renames a file in
        # a writable folder of the host, or changes its mode. Its namespaces still confine it.
        security.seccomp_enabled = self.spec.workspace is None
        capabilities = boxlite.ContainerCapabilities(**_CAPABILITIES[has_network])
        return boxlite.AdvancedBoxOptions(security=security, capabilities=capabilities)

    def _volumes(self) -> list[tuple[str, str, bool]]:
        mounts = (*self.spec.mounts, Mount(_GUEST_SOURCE, _GUEST))
        volumes = [(str(mount.source), str(PurePosixPath(mount.target)), True) for mount in mounts]
        if self.spec.workspace is not None:
            workspace = self.spec.workspace.absolute()
            workspace.mkdir(parents=True, exist_ok=True)
            volumes.append((str(workspace), WORKSPACE, False))
        return volumes

    async def _remove(self, runtime: Any) -> None:
        """End the box and remove its disk; one that BoxLite has removed by itself is no error."""
        not_found = _box_runtime.load().NotFoundError
        with contextlib.suppress(not_found):
            async with asyncio.timeout(_STOP_S):
                await runtime.remove(self.sandbox_id, True)

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


def _check_size(spec: SandboxSpec) -> None:
    if spec.cpus is not None and (spec.cpus != int(spec.cpus) or spec.cpus > _MOST_CPUS):
        raise ConfigError(f"cpus={spec.cpus}: a box has whole CPUs, 1 to {_MOST_CPUS}", field="cpus")
    if spec.memory_mib is not None and spec.memory_mib < _LEAST_MEMORY_MIB:
        raise ConfigError(f"memory_mib={spec.memory_mib}: a box needs {_LEAST_MEMORY_MIB} or more", field="memory_mib")
