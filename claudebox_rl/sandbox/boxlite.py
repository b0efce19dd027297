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
  the folder's owner outside; no other user can make any, so a writable folder is refused with a user other than root.
- `disk_mib` is the size of the box's disk: the image's own files and /tmp's, where that is no memory, count too.
- `max_processes` can't be enforced for root and is refused where it is not the default; the guest kernel's own limit
  is about eight threads for each MiB of memory.
- A process that is killed takes its boxes with it (BoxLite's shim watches its owner), and the next runtime on its
  folder removes what they left on disk; with `detached=True` the box goes on, and `attach` takes it over.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import tempfile
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Self

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

from claudebox_rl.errors import SandboxAttachError, SandboxError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox import journal, reaper
from claudebox_rl.sandbox._box import bridge, carry, runtimes
from claudebox_rl.sandbox._box.attach import find, pack_spec, unpack_spec
from claudebox_rl.sandbox._box.jailed import machine_process
from claudebox_rl.sandbox._box.linked import FOLDERS, LinkedSandbox
from claudebox_rl.sandbox._box.options import (
    DEFAULT_IMAGE,
    box_options,
    check_box,
    check_forkable,
    check_kept,
    layout_user,
)
from claudebox_rl.sandbox._check_spec import check_fork
from claudebox_rl.sandbox._supervised.start_all import start_all
from claudebox_rl.sandbox._supervised.still import held_still
from claudebox_rl.sandbox.spec import Capabilities, SandboxSpec, is_layout

_PULL_S = 900.0
_STOP_S = 30.0
_ATTACH_S = 60.0
_MOST_STARTS = 3
"""Of one box that is not ready in BoxLite's own time."""


class BoxliteSandbox(LinkedSandbox):
    """A BoxLite micro-VM. It belongs to the event loop that starts it.

    Args:
        spec: What to make.
        detached: Let the box outlive this process, also where that is killed, until somebody stops it: see `detach` and
            `attach`. Forks of it end with their process. With network=full, only for another user than root: a command
            that is run as root there must be trusted not to reach for the host's loopback at the next attach.

    The image needs python3 (3.10 or newer) and `sh`. Its variables are every command's; `spec.env` goes over them.
    Pulling an image has a time of its own (15 minutes) before `start_timeout_s` begins, but BoxLite makes the disk of a
    new image at its first start. Without `cpus` and `memory_mib` a box has 1 CPU and 2 GiB.

    Raises:
        ConfigError: The spec asks for parts of a CPU or of a GiB of disk, for a number of processes, for a folder that
            is none, for an image folder that is no OCI layout, for secrets without network=full, for a writable folder
            of the host with a user other than root, or, detached, for network=full as root.
    """

    name = "boxlite"

    @classmethod
    def capabilities(cls) -> Capabilities:
        """Return what a micro-VM gives."""
        return Capabilities(
            isolation="microvm",
            networks=frozenset({"none", "restricted", "full"}),
            blocks_hosts=cls._proxied,
            read_only_workspace=True,
            images=frozenset({"layout", "registry"}),
            default_image=DEFAULT_IMAGE,
            hard_limits=frozenset({"cpus", "memory_mib", "disk_mib", "max_file_bytes"}),
            users=True,
            secrets=True,
        )

    def __init__(self, spec: SandboxSpec | None = None, *, detached: bool = False) -> None:
        super().__init__(spec)
        self._image = self.spec.image or DEFAULT_IMAGE
        if self.spec.user is None and is_layout(self._image):
            self.spec = replace(self.spec, user=layout_user(self._image))
        check_box(self.spec)
        if detached:
            check_kept(self.spec)
        self._is_kept, self._is_left = detached, False
        self._entry: journal.MachineRecord | None = None
        self._place: Path | None = None
        """BoxLite's folder."""
        self._box: Any = None
        self._heritage: BinaryIO | None = None
        """What a fork starts with."""

    async def _boot(self) -> None:
        runtime, place = await asyncio.to_thread(runtimes.own)
        self._use(place)
        await asyncio.to_thread(reaper.reap)
        kept: dict[str, Any] = {}
        if self._is_kept:
            kept = {"home": str(place), "key": secrets.token_hex(), "spec": pack_spec(self.spec)}
        self._entry = await asyncio.to_thread(journal.record, self.sandbox_id, self.name, kept=kept)
        self._held.callback(self._forget)
        if not is_layout(self._image):
            await self._in_time(_PULL_S, runtime.images.pull(self._image), "image", f"the pull of {self._image}")
        self._held.push_async_callback(self._remove, runtime)
        async with runtimes.boot_turns():
            await self._in_time(self.spec.start_timeout_s, self._bring_up(runtime), "timeout", "the boot")
        if self._heritage is not None:
            await self._inherit(self._heritage)

    def _use(self, place: Path) -> None:
        self._place = place
        self._held.enter_context(runtimes.in_use(place))

    def _forget(self) -> None:
        if not self._is_left:
            journal.forget(self.sandbox_id)
        elif self._entry is not None:
            traffic = [self._traffic.sent, self._traffic.received]
            self._entry = journal.leave(journal.record_kept(self._entry, traffic=traffic))

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
        said = said or (runtimes.console(self._place, self._box.id) if self._place and self._box is not None else "")
        return f". Inside: {said}" if said else ""

    async def _bring_up(self, runtime: Any) -> None:
        # Held as long as this: BoxLite shuts a box down when its last handle is gone.
        self._box = await runtime.create(box_options(self.spec, is_kept=self._is_kept), name=self.sandbox_id)
        again = AsyncRetrying(
            retry=retry_if_exception(runtimes.is_late), stop=stop_after_attempt(_MOST_STARTS), reraise=True
        )
        async for attempt in again:
            with attempt:
                if attempt.retry_state.attempt_number > 1:
                    self._box = await runtime.get(self.sandbox_id)
                await self._box.start()
        assert self._entry is not None
        pid = (await self._box.info()).state.pid
        if pid:
            self._entry = journal.record_machine(self._entry, machine_process(pid))
        await self._connect(await self._box.attach(), key=self._entry.kept.get("key"))
        if self._is_kept:
            self._entry = journal.record_kept(self._entry, env=self._env)

    async def _remove(self, runtime: Any) -> None:
        """End the box and remove its disk; one that BoxLite has removed by itself is no error."""
        if self._is_left:
            return
        not_found = runtimes.load().NotFoundError
        with contextlib.suppress(not_found):
            async with asyncio.timeout(_STOP_S):
                await runtime.remove(self.sandbox_id, True)
        if self._entry is not None:
            # Of a box that was attached to, BoxLite ends the process outside its jail only (0.10.8).
            await asyncio.to_thread(reaper.end_process, self._entry)

    # Life beyond this process

    async def detach(self) -> None:
        """Let go of the box: it goes on, with its files and the processes that commands left in the background.

        A command that is still being read is ended. This object can't be used any more, and `stop` on it does nothing.
        A box that does not answer any more can be let go of too.

        Raises:
            SandboxError: It was not made with `detached=True`.
            SandboxUnavailableError: It is not running.
        """
        if not self._is_kept:
            raise SandboxError(f"{self.sandbox_id} ends with this process: make it with detached=True")
        if self._channel is None or self._stopping is not None:
            self._live()
        await self._let_go()

    @classmethod
    async def attach(cls, sandbox_id: str) -> Self:
        """Take over a box that was detached, or whose process has ended, and return it as a started sandbox.

        Files, background processes, spec, environment and network policy are what they were; of the spec's secrets only
        the value is not known here. A command whose output its process was reading has been ended, and exposed and
        published ports are to be asked for anew. Until the box is detached or stopped, nobody else can attach.

        Raises:
            SandboxAttachError: It can't be had; the context's `cause` says why.
            SandboxStartError: BoxLite is missing.
        """
        entry = await asyncio.to_thread(find, sandbox_id)
        sandbox = cls(detached=True)
        # Not checked anew: it is what the box was made of, whatever became of an image's folder since.
        sandbox.spec, sandbox.sandbox_id = unpack_spec(entry.kept["spec"]), entry.sandbox_id
        sandbox._image = sandbox.spec.image or DEFAULT_IMAGE
        sandbox._was_started = True
        try:
            await sandbox._take_over(Path(entry.kept["home"]))
        except BaseException:
            await sandbox._let_go()
            raise
        return sandbox

    async def _take_over(self, place: Path) -> None:
        self._use(place)
        runtime = await asyncio.to_thread(runtimes.runtime_at, place)
        # Whoever holds BoxLite's folder is alone with the record; in this process, nothing comes in between.
        entry = self._entry = journal.take(find(self.sandbox_id))
        self._held.callback(self._forget)
        self._held.push_async_callback(self._remove, runtime)
        try:
            async with asyncio.timeout(_ATTACH_S):
                self._box = await runtime.get(self.sandbox_id)
                if self._box is None:
                    raise SandboxAttachError(f"BoxLite knows no box {self.sandbox_id}", cause="gone")
                execution = await self._box.exec(bridge.COMMAND[0], list(bridge.COMMAND[1:]), user=bridge.USER)
                await self._connect(execution, key=entry.kept["key"], is_first=False)
                await self._go_on(entry.kept)
        except SandboxAttachError:
            raise
        except Exception as error:  # BoxLite's classes are known only to its native part
            said = "it does not answer" if isinstance(error, TimeoutError) else str(error)
            raise SandboxAttachError(f"{self.sandbox_id} can't be attached to: {said}", cause="refused") from error

    async def _let_go(self) -> None:
        self._is_left = True
        await self.stop()
        self._box = self._link = None
        # BoxLite lets go when the last handle is gone, and the parts of a link hold each other.
        gc.collect()
        if self._place is not None:
            runtimes.give_up(self._place, own_too=True)

    # Forks

    async def fork(self, n: int = 1) -> tuple[Self, ...]:
        """Start `n` sandboxes that hold the same files as this one and share nothing with it or with each other."""
        check_fork(n)
        check_forkable(self.spec)
        channel = self._live()
        mounts = tuple(mount for mount in self.spec.mounts if mount.read_only)
        forks = tuple(type(self)(replace(self.spec, workspace=None, mounts=mounts)) for _ in range(n))
        with tempfile.TemporaryFile(dir=journal.machines_dir()) as archive:
            try:
                async with held_still(channel, self._gate):
                    await carry.pack(channel, FOLDERS, self._env, archive)
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
