"""`local`: a sandbox from Linux namespaces and the host's own programs, by bubblewrap. No KVM, no Docker, no root.

One bubblewrap for each sandbox holds a supervisor as process 1, which runs commands and serves files over one socket.
Commands see the host's /usr read-only, folders of their own, no interface but a loopback of their own, no other process
and no capability: see `_local` and `_guest`. The kernel is the host's: code that attacks kernels belongs into
`boxlite`.

- `network="restricted"` and `"full"` are a port of that loopback that leads to a proxy of the host (`_egress`), which
  every command's environment names. What speaks no HTTP proxy, UDP and ICMP do not get out, and names are not resolved
  inside; the proxy does it.
- Memory and processor time are held by control groups where this process may make some, as root mostly may. Elsewhere
  there is no `cpus`, and memory is watched, as disk always is: when a limit is passed, everything that runs is ended,
  with exit code 137 and a line on standard error that says why. What a command hides counts nothing as disk: folders
  closed to itself, files without a name.
- /tmp and /dev/shm are in memory and sized: by half and a quarter of `memory_mib`, at most 1 GiB and 256 MiB.
- `image` is an OCI layout folder, unpacked once; its files are the sandbox's root, read-only, and its python3 runs the
  supervisor. What it has at /home/agent, /tmp, /run, /workspace and the like is not seen; `workdir` is a copy of what
  it has there. Where the host is root, user namespaces are needed for it.
- `fork` copies the writable folders once, while the commands are held still by SIGSTOP. The forks see that copy below
  overlays of their own, each under a user number of its own where the host is root (Linux 5.19); where the kernel, the
  file system or bubblewrap (before 0.11) gives no overlays, each gets a copy. A fork's time is that of the copy and of
  the starts; what it shares takes no more disk. Not copied are devices, ACLs, attributes other than `user.`, and what
  the sandbox's own user may not read.
- Host paths of folders can be read in /proc/self/mountinfo.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from claudebox_rl.errors import ConfigError, SandboxError, SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox import journal, reaper
from claudebox_rl.sandbox._check_spec import check_fork, check_mounts
from claudebox_rl.sandbox._host_folder import HostFolder
from claudebox_rl.sandbox._local import bwrap_options, cgroups, uids
from claudebox_rl.sandbox._local.bwrap_find import find_bwrap
from claudebox_rl.sandbox._local.bwrap_options import HOME, IMAGE_PATH, ImageRoot
from claudebox_rl.sandbox._local.cgroup_places import Places, places
from claudebox_rl.sandbox._local.cgroups import ControlGroups
from claudebox_rl.sandbox._local.folders import Folders
from claudebox_rl.sandbox._local.handover import Handover
from claudebox_rl.sandbox._local.image_cache import unpacked
from claudebox_rl.sandbox._local.layers import Heritage
from claudebox_rl.sandbox._local.machine import Machine, launch
from claudebox_rl.sandbox._local.oci import read_image
from claudebox_rl.sandbox._local.overlay_probe import fork_mode
from claudebox_rl.sandbox._local.workdir import check_workdir
from claudebox_rl.sandbox._network.connection import Connection, Door, SocketConnection, join
from claudebox_rl.sandbox._network.relay import Relay
from claudebox_rl.sandbox._supervised.filled import FilledSandbox
from claudebox_rl.sandbox._supervised.frames import Channel
from claudebox_rl.sandbox._supervised.settings import settings
from claudebox_rl.sandbox._supervised.start_all import start_all
from claudebox_rl.sandbox._supervised.still import held_still
from claudebox_rl.sandbox._supervised.usage import Usage
from claudebox_rl.sandbox.spec import Capabilities, Limit, SandboxSpec

_DIAL_S = 10.0
"""Longest time in which a server inside may take a connection."""
_HELD_BY: dict[str, Limit] = {"memory": "memory_mib", "cpu": "cpus"}
"""Limits that the kernel holds where their controller is to be had."""
_USER = {"HOME": HOME, "USER": "agent", "LOGNAME": "agent"}
_BUSY = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
"""What passes: no process, memory or descriptor to spare just now."""


class LocalSandbox(FilledSandbox):
    """A sandbox on this host's kernel and programs. It belongs to the event loop that starts it.

    Started by root, commands run as an unprivileged user number of their own and the workspace is given to that user
    until `stop`; started by anybody else, they run in a user namespace as the user who started it.

    Raises:
        ConfigError: The spec asks for what `capabilities` does not state, or for a mount or a workspace that can't be
            had.
    """

    name = "local"
    _proxied = frozenset({"restricted", "full"})

    @classmethod
    def capabilities(cls) -> Capabilities:
        """Return what this host lets us enforce."""
        hard: set[Limit] = {"max_processes", "max_file_bytes"}
        hard.update(limit for controller, limit in _HELD_BY.items() if controller in cls.control_groups().of)
        watched: set[Limit] = {"memory_mib", "disk_mib"}
        return Capabilities(
            isolation="namespace",
            networks=frozenset({"none", "restricted", "full"}),
            blocks_hosts=cls._proxied,
            read_only_workspace=True,
            hard_limits=frozenset(hard),
            soft_limits=frozenset(watched - hard),
            images=frozenset({"layout"}),
            fork=fork_mode(),
        )

    @classmethod
    def control_groups(cls) -> Places:
        """Return where control groups can be made on this host; a class that is to do without has `NO_PLACES`."""
        return places()

    def __init__(self, spec: SandboxSpec | None = None) -> None:
        super().__init__(spec)
        _check_folders(self.spec)
        self._user(self.spec.user)
        self._env = {
            **_USER,
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "PATH": bwrap_options.search_path(),
            **self.spec.env,
        }
        self._groups = ControlGroups(self.sandbox_id, self.control_groups(), self.spec)
        self._machine: Machine | None = None
        self._folders: Folders | None = None
        self._image: ImageRoot | None = None
        self._heritage: Heritage | None = None
        """What a fork starts with."""
        self._handover: Handover | None = None

    async def _boot(self) -> None:
        bwrap = await asyncio.to_thread(find_bwrap)
        await asyncio.to_thread(reaper.reap_once)
        if self.spec.image is not None:
            # Outside of the time for the start: the first sandbox of an image unpacks it.
            await self._take_image(bwrap, Path(self.spec.image))
        try:
            async with asyncio.timeout(self.spec.start_timeout_s):
                await self._make(bwrap)
        except (OSError, SandboxUnavailableError) as error:
            # All that bwrap had to say is there once it is gone.
            await self.stop()
            raise SandboxStartError(self._why_not(error), cause=_cause(error), sandbox_id=self.sandbox_id) from error

    def _why_not(self, error: Exception) -> str:
        said = self._machine.said.decode("utf-8", "replace").strip() if self._machine else ""
        if isinstance(error, TimeoutError):
            return f"the local sandbox did not start in {self.spec.start_timeout_s:g} s {said}"
        if self._image is not None and "execvp python3" in said:
            return f"the image has no python3 in {self._image.search_path}; 3.10 or newer is needed"
        return f"the local sandbox did not start: {said or error}"

    async def _take_image(self, bwrap: str, layout: Path) -> None:
        image = await asyncio.to_thread(read_image, layout)
        folder = await unpacked(bwrap, image)
        self._image = ImageRoot(folder, image.env.get("PATH", IMAGE_PATH))
        self._env = {"LANG": "C.UTF-8", "PATH": IMAGE_PATH, **image.env, **_USER, **self.spec.env}

    async def _make(self, bwrap: str) -> None:
        state = journal.machines_dir().absolute() / self.sandbox_id
        groups = self._groups
        entry = journal.record(self.sandbox_id, self.name, state, groups=groups.paths)
        self._held.callback(journal.forget, self.sandbox_id)
        self._held.push_async_callback(asyncio.to_thread, cgroups.remove, groups.paths)
        uid = self._lease_uid()
        image = self._image.folder if self._image else None
        self._folders = Folders(self.spec, state, uid, self._heritage, self._held, image)
        await self._folders.make(bwrap)
        layout = self._folders.layout()
        if self._image is not None:
            layout = replace(layout, uid=None, launcher=uid, image=self._image)
            uid = None
        machine = self._machine = launch(bwrap, layout)
        self._held.push_async_callback(machine.end)
        self._handover = Handover(machine.rights)
        self._held.callback(self._handover.close)
        channel = self._channel = Channel(on_close=machine.kill)
        self._held.push_async_callback(channel.wait_closed)
        self._held.callback(channel.close, "it was stopped")
        # Before it has its settings, without which it serves nothing.
        await asyncio.to_thread(groups.enclose, await machine.started())
        await channel.open(machine.control, self._settings(uid))
        journal.record_machine(entry, machine.supervisor_pid())

    def _settings(self, uid: int | None) -> dict[str, Any]:
        counts_memory = not self._groups.hold_memory
        assert self._folders is not None
        folders = self._folders.inside
        return settings(
            self.spec, self.capabilities(), folders, uid=uid, account="processes", counts_memory=counts_memory
        )

    def _lease_uid(self) -> int | None:
        if os.geteuid() != 0:
            return None
        lease = uids.lease_uid()
        self._held.callback(lease.release)
        return lease.uid

    def _account(self, told: Usage) -> Usage:
        return self._groups.usage().over(told)

    def _user(self, user: str | None) -> str | None:
        """Refuse every user but the one that there is.

        Raises:
            ConfigError: It is another.
        """
        if user in (None, "agent"):
            return None
        raise ConfigError(f"user={user}: sandbox=local runs commands as agent only; leave user out", field="user")

    def _shown_workspace(self) -> HostFolder:
        assert self._folders is not None
        return self._folders.workspace()

    # Forks

    async def fork(self, n: int = 1) -> tuple[Self, ...]:
        """Start `n` sandboxes that hold the same files as this one and share nothing with it or with each other."""
        check_fork(n)
        channel = self._live()
        forks: tuple[Self, ...] = ()
        try:
            async with contextlib.AsyncExitStack() as undo:
                heritage = await self._snapshot(channel, undo)
                forks = tuple(self._heir(heritage) for _ in range(n))
                await start_all(forks)
        except BaseException:
            # They may have started: it can be cancelled while the copy is let go.
            await asyncio.shield(asyncio.gather(*(fork.stop() for fork in forks)))
            raise
        return forks

    async def _snapshot(self, channel: Channel, undo: contextlib.AsyncExitStack) -> Heritage:
        assert self._folders is not None
        bwrap, is_overlay = await asyncio.to_thread(find_bwrap), self._shares_with_forks()
        try:
            async with held_still(channel, self._gate):
                heritage = await self._folders.snapshot(bwrap, is_overlay)
                # At once: the machine may die before it goes on.
                undo.push_async_callback(_release, heritage)
        except SandboxUnavailableError:
            raise
        except (SandboxError, OSError) as error:
            raise SandboxStartError(f"the sandbox can't be forked: {error}", sandbox_id=self.sandbox_id) from error
        return heritage

    def _shares_with_forks(self) -> bool:
        # What overlayfs shows is not to be written past it.
        return self.capabilities().fork == "overlay" and not self.spec.read_only_workspace

    def _heir(self, heritage: Heritage) -> Self:
        mounts = tuple(mount for mount in self.spec.mounts if mount.read_only)
        heir = type(self)(replace(self.spec, workspace=None, mounts=mounts))
        heir._heritage = heritage
        return heir

    # Ports

    async def _lead(self, channel: Channel, port: int, door: Door) -> str:
        assert self._handover is not None
        listener, inside = await self._handover.listen(channel, port)
        relay = Relay(door)
        self._held.push_async_callback(relay.close)
        await relay.open(listener)
        return f"127.0.0.1:{inside}"

    async def _reach(self, channel: Channel, port: int, near: Connection) -> None:
        assert self._handover is not None
        made = await self._handover.unconnected(channel)
        try:
            async with asyncio.timeout(_DIAL_S):
                await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
            far = SocketConnection(*await asyncio.open_connection(sock=made))
        except BaseException:
            made.close()
            raise
        try:
            await join(near, far)
            await far.close()
        finally:
            far.cut()


async def _release(heritage: Heritage) -> None:
    """Let go of a copy, to the end also where this is cancelled meanwhile."""
    releasing = asyncio.create_task(asyncio.to_thread(heritage.release))
    try:
        await asyncio.shield(releasing)
    except asyncio.CancelledError:
        await asyncio.wait({releasing})
        raise


def _cause(error: Exception) -> str:
    """Return what a failed start is down to; `other` is what another try would meet again."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, OSError):
        return "busy" if error.errno in _BUSY else "other"
    return "boot"


def _check_folders(spec: SandboxSpec) -> None:
    check_workdir(spec)
    check_mounts(spec, (*bwrap_options.reserved(), *([spec.workdir] if spec.workdir else [])))
    if spec.workspace is not None:
        bwrap_options.check_given("workspace", spec.workspace)
    for mount in spec.mounts:
        if not mount.read_only:
            bwrap_options.check_given("mounts", mount.source)
