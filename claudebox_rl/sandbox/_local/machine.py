"""One bubblewrap process of the host: its start, what it says, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import os
import signal
import socket
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from claudebox_rl.errors import SandboxStartError, SandboxUnavailableError
from claudebox_rl.sandbox._local import bwrap_options
from claudebox_rl.sandbox._local.bwrap_options import Descriptors, Layout
from claudebox_rl.sandbox._local.own_mounts import in_own_mounts, map_owners
from claudebox_rl.sandbox._local.reach import within_reach
from claudebox_rl.sandbox._local.seccomp import filter_program

_LOG = logging.getLogger(__name__)
_KEPT_BYTES = 4096
_LINGER_S = 3.0
"""How long a machine whose connection is closed may take to end by itself."""


class Machine:
    """A sandbox's processes, held together by its supervisor; made by `launch`, in a running event loop.

    Nothing ties them to the thread that started them: they end when `control` closes, also by this process's death.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], control: socket.socket, rights: socket.socket, info: int
    ) -> None:
        self.control, self.rights = control, rights
        self.said = b""
        """The last of what it wrote to its standard error."""
        self.gone = asyncio.Event()
        self._process = process
        self._info = info
        self._info_said = b""
        self._pid: int | None = None
        self._supervisor: int | None = None
        """A descriptor of the process `_pid` (pidfd_open(2))."""
        self._errors = process.stderr.fileno() if process.stderr else -1
        os.set_blocking(self._errors, False)
        asyncio.get_running_loop().add_reader(self._errors, self._read_errors)

    def supervisor_pid(self) -> int:
        """Return the process of the host whose death ends the machine; known once the supervisor serves.

        Raises:
            SandboxStartError: bwrap did not say.
        """
        self._read_info()
        if self._pid is None:
            raise SandboxStartError("bwrap did not say which process it started")
        return self._pid

    async def started(self) -> int:
        """Return the supervisor's process as soon as there is one, before it serves.

        Raises:
            SandboxUnavailableError: bwrap has ended without one.
        """
        loop, said = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._info, said.set)
        try:
            while self._pid is None:
                await said.wait()
                said.clear()
                if not self._read_info():
                    raise SandboxUnavailableError("bwrap ended before it started a process")
        finally:
            loop.remove_reader(self._info)
        return self._pid

    def _read_info(self) -> bool:
        """Read what bwrap has said until now; False where it will say no more."""
        if self._pid is not None:
            return True
        try:
            data = os.read(self._info, _KEPT_BYTES)
        except BlockingIOError:
            return True
        self._info_said += data
        with contextlib.suppress(ValueError, KeyError, TypeError):
            self._pid = int(json.loads(self._info_said)["child-pid"])
            with contextlib.suppress(ProcessLookupError):
                self._supervisor = os.pidfd_open(self._pid)
        return bool(data)

    def kill(self) -> None:
        """End every process now, if there is a supervisor already; else it will find its connection closed.

        bwrap itself is spared: its end tells that the kernel has ended the whole namespace, and killed too early it
        leaves a child that waits for it for ever.
        """
        self._read_info()
        # Not by its number, which is used again once bwrap, which somebody may have killed, has taken note of its end.
        if self._supervisor is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._supervisor, signal.SIGKILL)

    async def end(self) -> None:
        """Wait until every process is gone, and let go of all that was held. The connection must be closed before."""
        self.control.close()
        self.rights.close()
        if not await self._is_gone():
            self.kill()
            if not await self._is_gone():
                # Killed early on, bwrap leaves a child of its group that waits for it.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                if not await self._is_gone():
                    _LOG.error("process %d, a sandbox's bwrap, and its children do not end", self._process.pid)
        asyncio.get_running_loop().remove_reader(self._errors)
        os.close(self._info)
        if self._supervisor is not None:
            os.close(self._supervisor)
            self._supervisor = None
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._process.wait()

    async def _is_gone(self) -> bool:
        try:
            async with asyncio.timeout(_LINGER_S):
                await self.gone.wait()
        except TimeoutError:
            return False
        return True

    def _read_errors(self) -> None:
        """Keep the last words; the end of the stream is the end of bwrap, which outlives every process inside."""
        data = os.read(self._errors, _KEPT_BYTES)
        self.said = (self.said + data)[-_KEPT_BYTES:]
        if not data:
            asyncio.get_running_loop().remove_reader(self._errors)
            self.gone.set()


def launch(bwrap: str, layout: Layout) -> Machine:
    """Start a machine. Its supervisor waits for its settings on `control`.

    Raises:
        SandboxStartError: This architecture or this Python can't be used.
        OSError: The process could not be started.
    """
    control, far_control = socket.socketpair()
    rights, far_rights = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    info, far_info = info_pipe()
    with far_control, far_rights, contextlib.ExitStack() as undo:
        for held in (control, rights):
            undo.callback(held.close)
        undo.callback(os.close, info)
        command = bwrap_options.supervisor(far_control.fileno(), far_rights.fileno(), in_image=layout.image is not None)
        passed = (far_control.fileno(), far_rights.fileno())
        try:
            process = spawn(bwrap, layout, command, far_info, passed)
        finally:
            os.close(far_info)
        undo.pop_all()
        os.set_blocking(info, False)
        rights.setblocking(False)
        return Machine(process, control, rights, info)


def info_pipe() -> tuple[int, int]:
    """Return the ends of a pipe for bwrap's --info-fd; ours is the first.

    The other one reads as well: bwrap, failing to write because we died, would leave a child that waits for ever.
    """
    near, far = os.pipe()
    try:
        return near, os.open(f"/proc/self/fd/{far}", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        os.close(near)
        raise
    finally:
        os.close(far)


def spawn(
    bwrap: str, layout: Layout, command: Sequence[str], info: int, passed: Sequence[int]
) -> subprocess.Popen[bytes]:
    """Start bwrap with a command, an empty environment and no descriptors but these; standard error is a pipe."""
    start = functools.partial(_start, command=command, info=info, passed=passed)
    if layout.shared is None and layout.launcher is None:
        return start(bwrap, layout)
    return in_own_mounts(lambda: start(*_prepared(bwrap, layout)))


def _prepared(bwrap: str, layout: Layout) -> tuple[str, Layout]:
    """Mount what a layout needs, and return bwrap and the layout as they are to be used then."""
    if layout.shared is not None:
        for folder in layout.shared.folders:
            map_owners(folder, layout.shared.owner)
    return (bwrap, layout) if layout.launcher is None else within_reach(bwrap, layout)


def _start(
    bwrap: str, layout: Layout, *, command: Sequence[str], info: int, passed: Sequence[int]
) -> subprocess.Popen[bytes]:
    with _inherited(layout, info) as (arguments, inherited):
        return subprocess.Popen(
            ["bwrap", "--args", str(arguments), "--", *command],
            executable=bwrap,
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(*inherited, info, *passed),
            # A Ctrl-C in the terminal is for us: we end machines in order.
            start_new_session=True,
            user=layout.launcher,
            group=layout.launcher,
            extra_groups=None if layout.launcher is None else [],
        )


@contextmanager
def _inherited(layout: Layout, info: int) -> Generator[tuple[int, list[int]]]:
    """Yield the descriptor that holds bwrap's options, and all that it must inherit."""
    with contextlib.ExitStack() as opened:

        def hold(content: bytes) -> int:
            descriptor = os.memfd_create("claudebox")
            opened.callback(os.close, descriptor)
            os.write(descriptor, content)
            os.lseek(descriptor, 0, os.SEEK_SET)
            return descriptor

        etc = {name: hold(content) for name, content in bwrap_options.etc_files(layout.uid).items()}
        seccomp = hold(filter_program())
        chosen = bwrap_options.options(layout, Descriptors(seccomp=seccomp, etc=etc, info=info))
        # Not in argv, which every process inside could read in /proc.
        arguments = hold("".join(f"{option}\0" for option in chosen).encode("utf-8", "surrogateescape"))
        yield arguments, [*etc.values(), seccomp, arguments]
