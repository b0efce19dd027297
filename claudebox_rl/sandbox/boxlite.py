"""`boxlite`: a micro-VM with a kernel of its own, from an OCI image (BoxLite 0.10 on KVM, or on Apple silicon).

The supervisor of `_guest` is the box's main command and its process 1, as root. Commands run as the spec's user, else
as the image's own where it is an OCI layout, else as root: the boundary is the VM. What they leave of the host's: the
folders of the spec, and the exposed ports.

- `network="none"` is BoxLite's network mode `disabled`: the box has no interface but its loopback. An exposed port is a
  socket of the supervisor inside, and each of its connections travels over the main command's standard streams. So
  exactly that port is reachable; BoxLite's own door to the host's loopback would open all of its ports.
- `network="restricted"` is the same, with one more such port, that leads to the proxy of `_egress` on the host.
- `network="full"` reaches what the host reaches, but not the host's loopback: process 1 makes BoxLite's address for it
  unreachable and gives up the right to undo that, before a command runs.
- A secret is put in by BoxLite's proxy on the host, for HTTPS to its hosts. BoxLite keeps it in the database of its
  folder, which only this user can read.
- With a folder of the host (a mount, a workspace), BoxLite's own process runs in its namespaces but without its seccomp
  filter, which is too narrow for such folders (0.10.8). Files in a workspace of the host belong to root inside and to
  the folder's owner outside.
- `disk_mib` is the size of the box's disk: the image's own files and /tmp's, where that is no memory, count too.
- `max_processes` can't be enforced for root and is refused where it is not the default; the guest kernel's own limit
  is about eight threads for each MiB of memory.
- A process that is killed takes its boxes with it (BoxLite's shim watches its owner), and the next runtime on its
  folder removes what they left on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, BinaryIO, Self

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

from claudebox_rl.errors import SandboxError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox import journal, reaper
from claudebox_rl.sandbox._box import carry, runtimes
from claudebox_rl.sandbox._box.link import BoxLink
from claudebox_rl.sandbox._box.options import DEFAULT_IMAGE, HOME, box_options, check_box, layout_user, secret_env
from claudebox_rl.sandbox._box.pulse import feel_pulse
from claudebox_rl.sandbox._check_spec import check_fork
from claudebox_rl.sandbox._guest.wire import WireError
from claudebox_rl.sandbox._network.connection import Connection, Door
from claudebox_rl.sandbox._supervised.frames import Channel, Exchange, integer
from claudebox_rl.sandbox._supervised.sandbox import SupervisedSandbox
from claudebox_rl.sandbox._supervised.settings import settings
from claudebox_rl.sandbox._supervised.start_all import start_all
from claudebox_rl.sandbox._supervised.still import held_still
from claudebox_rl.sandbox.base import WRITABLE
from claudebox_rl.sandbox.spec import Capabilities, SandboxSpec, is_layout

_PULL_S = 900.0
_STOP_S = 30.0
_MOST_STARTS = 3
"""Of one box that is not ready in BoxLite's own time."""
_FOLDERS = (*WRITABLE, HOME)


class BoxliteSandbox(SupervisedSandbox):
    """A BoxLite micro-VM. It belongs to the event loop that starts it.

    The image needs python3 (3.10 or newer) and `sh`. Its variables are every command's; `spec.env` goes over them.
    Pulling an image has a time of its own (15 minutes) before `start_timeout_s` begins, but BoxLite makes the disk of a
    new image at its first start. Without `cpus` and `memory_mib` a box has 1 CPU and 2 GiB.

    Raises:
        ConfigError: The spec asks for parts of a CPU or of a GiB of disk, for a number of processes, for a folder that
            is none, for an image folder that is no OCI layout, or for secrets without network=full.
    """

    name = "boxlite"

    @classmethod
    def capabilities(cls) -> Capabilities:
        """Return what a micro-VM gives."""
        return Capabilities(
            isolation="microvm",
            networks=frozenset({"none", "restricted", "full"}),
            images=frozenset({"layout", "registry"}),
            default_image=DEFAULT_IMAGE,
            hard_limits=frozenset({"cpus", "memory_mib", "disk_mib", "max_file_bytes"}),
            users=True,
            secrets=True,
        )

    def __init__(self, spec: SandboxSpec | None = None) -> None:
        super().__init__(spec)
        check_box(self.spec)
        self._image = self.spec.image or DEFAULT_IMAGE
        if self.spec.user is None and is_layout(self._image):
            self.spec = replace(self.spec, user=layout_user(self._image))
        self._box: Any = None
        self._link: BoxLink | None = None
        self._heritage: BinaryIO | None = None
        """What a fork starts with."""

    async def _boot(self) -> None:
        runtime = await asyncio.to_thread(runtimes.runtime)
        await asyncio.to_thread(reaper.reap)
        entry = await asyncio.to_thread(journal.record, self.sandbox_id, self.name)
        self._held.callback(journal.forget, self.sandbox_id)
        if not is_layout(self._image):
            await self._in_time(_PULL_S, runtime.images.pull(self._image), "image", f"the pull of {self._image}")
        self._held.push_async_callback(self._remove, runtime)
        async with runtimes.boot_turns():
            await self._in_time(self.spec.start_timeout_s, self._bring_up(runtime, entry), "timeout", "the boot")
        if self._heritage is not None:
            await self._inherit(self._heritage)

    async def _in_time(self, limit_s: float, work: Awaitable[object], cause: str, what: str) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await work
        except TimeoutError as error:
            raise SandboxStartError(f"{what} took more than {limit_s:g} s{self._said()}", cause=cause) from error
        except SandboxError:
            raise
        except Exception as error:  # BoxLite's classes are known only to its native part
            raise runtimes.explain(error, self._image, self._said()) from error

    def _said(self) -> str:
        """Return what came from inside until now, to be put after an error's message."""
        said = self._link.said.strip() if self._link else ""
        said = said or (runtimes.console(self._box.id) if self._box is not None else "")
        return f". Inside: {said}" if said else ""

    async def _bring_up(self, runtime: Any, entry: journal.MachineRecord) -> None:
        # Held as long as this: BoxLite shuts a box down when its last handle is gone.
        self._box = await runtime.create(box_options(self.spec), name=self.sandbox_id)
        again = AsyncRetrying(
            retry=retry_if_exception(runtimes.is_late), stop=stop_after_attempt(_MOST_STARTS), reraise=True
        )
        async for attempt in again:
            with attempt:
                if attempt.retry_state.attempt_number > 1:
                    self._box = await runtime.get(self.sandbox_id)
                await self._box.start()
        pid = (await self._box.info()).state.pid
        if pid:
            journal.record_machine(entry, pid)
        await self._connect(await self._box.attach())

    async def _connect(self, execution: Any) -> None:
        channel = Channel(on_close=lambda: None)
        link = self._link = BoxLink(execution, on_end=channel.close)
        self._held.push_async_callback(link.close)
        image_env, control = await link.open()
        self._held.callback(control.close)
        self._held.push_async_callback(channel.wait_closed)
        self._held.callback(channel.close, "it was stopped")
        self._env = {"LANG": "C.UTF-8", **image_env, "HOME": HOME, **secret_env(self.spec), **self.spec.env}
        told = settings(self.spec, self.capabilities(), _FOLDERS, uid=None, account="machine", counts_memory=True)
        try:
            channel.check()
            await channel.open(control, told)
        except SandboxUnavailableError as error:
            raise SandboxStartError(f"the box did not start: {link.said.strip() or error}") from error
        self._channel = channel
        pulse = asyncio.create_task(feel_pulse(channel))
        self._held.callback(pulse.cancel)

    async def _remove(self, runtime: Any) -> None:
        """End the box and remove its disk; one that BoxLite has removed by itself is no error."""
        not_found = runtimes.load().NotFoundError
        with contextlib.suppress(not_found):
            async with asyncio.timeout(_STOP_S):
                await runtime.remove(self.sandbox_id, True)

    # Forks

    async def fork(self, n: int = 1) -> tuple[Self, ...]:
        """Start `n` sandboxes that hold the same files as this one and share nothing with it or with each other."""
        check_fork(n)
        channel = self._live()
        mounts = tuple(mount for mount in self.spec.mounts if mount.read_only)
        forks = tuple(type(self)(replace(self.spec, workspace=None, mounts=mounts)) for _ in range(n))
        with tempfile.TemporaryFile(dir=journal.machines_dir()) as archive:
            try:
                async with held_still(channel, self._gate):
                    await carry.pack(channel, _FOLDERS, self._env, archive)
            except SandboxUnavailableError:
                raise
            except (SandboxError, OSError) as error:
                raise SandboxStartError(f"the sandbox can't be forked: {error}", sandbox_id=self.sandbox_id) from error
            for fork in forks:
                fork._heritage = archive
            await start_all(forks)
        return forks

    async def _inherit(self, archive: BinaryIO) -> None:
        self._heritage = None
        try:
            await carry.unpack(self._live(), archive, self._env)
        except (SandboxUnavailableError, OSError) as error:
            raise SandboxStartError(f"the fork did not get its files: {error}") from error

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
