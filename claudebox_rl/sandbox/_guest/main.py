"""The supervisor's loop: requests of the host, ends of processes, deadlines."""

from __future__ import annotations

import os
import struct
import time

from claudebox_rl.sandbox._guest import processes
from claudebox_rl.sandbox._guest.commands import Command
from claudebox_rl.sandbox._guest.confine import confine
from claudebox_rl.sandbox._guest.files import Transfer, open_file
from claudebox_rl.sandbox._guest.lean import Any, FrameType, NoReturn, signal, socket
from claudebox_rl.sandbox._guest.measure import Measurement
from claudebox_rl.sandbox._guest.still import Still
from claudebox_rl.sandbox._guest.users import User, acting_as, find
from claudebox_rl.sandbox._guest.watch import READABLE, WRITABLE, Watch
from claudebox_rl.sandbox._guest.watchdog import Watchdog
from claudebox_rl.sandbox._guest.wire import CHUNK_BYTES, Splitter, encode

_BACKLOG = 128
_RETRY_S = 0.05


class Supervisor:
    """Serves one host over a stream socket, until that closes.

    Args:
        control: The socket's descriptor.
        descriptors: Datagram socket on which listening sockets are handed to the host.
        watchdog: Ends everything where a limit is passed.
        owner: Who files are read and written as; None: this process's user.
    """

    def __init__(self, control: int, descriptors: int, watchdog: Watchdog, owner: User | None = None) -> None:
        self._control = control
        self._descriptors = socket.socket(fileno=descriptors)
        self._splitter = Splitter()
        self._unsent = bytearray()
        self._watch = Watch()
        self._commands: dict[int, Command] = {}
        self._files: dict[int, Transfer] = {}
        self._past_sessions: dict[int, int] = {}
        """Sessions of ended commands that still have members, with their leaders' start times."""
        self._dying: list[Command] = []
        self._still = Still()
        self._watchdog, self._owner = watchdog, owner
        self._measurements: list[Measurement] = []
        self._num_killed = 0
        """Processes that were ended for memory."""

    def serve(self) -> NoReturn:
        """Work until the host is gone; the kernel then ends every process of the namespace with this one."""
        woken, wake = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, _note)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._watch.set(woken, READABLE, lambda: self._reap(woken))
        self._greet()
        while True:
            self._flush()
            self._watch.run_once(self._patience_s())
            self._act_on_time()
            self._look_after()
            self._close_done()

    def _patience_s(self) -> float | None:
        if self._measurements:
            return 0
        if self._dying:
            return _RETRY_S
        due = [command.due for command in self._commands.values()] + [self._watchdog.due, self._still.due]
        first = min((each for each in due if each is not None), default=None)
        return None if first is None else max(first - time.monotonic(), 0) + 0.001

    # The host

    def _greet(self) -> None:
        os.set_blocking(self._control, False)
        self._watch.set(self._control, READABLE, self._receive)
        self._send(op="ready")

    def _lose_host(self) -> None:
        os._exit(0)

    def _send(self, *, data: bytes = b"", **message: Any) -> None:
        self._unsent += encode(message, data)

    def _flush(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: os.write(self._control, self._unsent)]
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            self._lose_host()
            return
        self._watch.set(self._control, READABLE | (WRITABLE if self._unsent else 0), self._receive)

    def _receive(self) -> None:
        try:
            received = os.read(self._control, CHUNK_BYTES)
        except BlockingIOError:
            return
        except ConnectionResetError:
            received = b""
        if not received:
            self._lose_host()
            return
        for message, data in self._splitter.feed(received):
            self._answer(message, data)

    def _answer(self, message: dict[str, Any], data: bytes) -> None:
        match message["op"]:
            case "exec":
                self._start(message)
            case "input" | "grant" | "kill":
                command = self._commands.get(message["id"])
                if command is not None:
                    self._tell(command, message, data)
            case "still":
                self._send(op="still", id=message["id"], held=self._still.hold(message["limit_s"]))
            case "go_on":
                self._send(op="going", id=message["id"], held=self._still.release())
            case "listen" | "socket":
                self._hand_over(message)
            case "ping":
                self._send(op="pong", id=message["id"])
            case "metrics":
                self._measurements.append(Measurement(message["id"], self._watchdog.folders))
            case _:
                self._transfer(message, data)

    def _tell(self, command: Command, message: dict[str, Any], data: bytes) -> None:
        match message["op"]:
            case "input":
                command.feed(data, message["last"])
            case "grant":
                command.grant(message["num_bytes"])
            case _:
                self._end(command)

    # Files and sockets

    def _transfer(self, message: dict[str, Any], data: bytes) -> None:
        serial = message["id"]
        last = message["op"] == "close"
        with acting_as(self._owner):
            try:
                if message["op"] in ("read", "write", "resolve"):
                    self._files[serial] = open_file(message)
                if not last:
                    last, chunk = self._files[serial].serve(data, message["last"])
                    self._send(op="file", id=serial, last=last, data=chunk)
            except OSError as error:
                last = True
                self._send(op="failed", id=serial, errno=error.errno, text=error.strerror)
            if last and serial in self._files:
                self._files.pop(serial).close()

    def _hand_over(self, message: dict[str, Any]) -> None:
        """Give the host a socket of this network: one that listens, or one for the host to dial with.

        The host dials, and asks for few at once, so that nothing here waits.
        """
        made = _listening(message["port"]) if message["op"] == "listen" else socket.socket()
        try:
            rights = struct.pack("i", made.fileno())
            self._descriptors.sendmsg([b"%d" % message["id"]], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            self._send(op="socket", id=message["id"], port=made.getsockname()[1])
        finally:
            made.close()

    # Commands

    def _start(self, message: dict[str, Any]) -> None:
        self._commands[message["id"]] = Command(message, self._send, self._watch)
        self._watchdog.wake()

    def _reap(self, woken: int) -> None:
        _drain(woken)
        running = {command.pid: command for command in self._commands.values() if not command.ended}
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in running:
                self._finish(running[pid], os.waitstatus_to_exitcode(status))

    def _finish(self, command: Command, code: int) -> None:
        command.finish(code if code >= 0 else 128 - code)
        self._past_sessions[command.pid] = command.start
        self._past_sessions = processes.living_sessions(self._past_sessions)

    def _act_on_time(self) -> None:
        now = time.monotonic()
        if self._still.due is not None and self._still.due <= now:
            self._still.release()
        for command in tuple(self._commands.values()):
            if command.due is None or command.due > now:
                continue
            if command.ended:
                command.stop_lingering()
            else:
                command.timed_out = True
                self._end(command)
        dying, self._dying = self._dying, []
        for command in dying:
            self._end_tree(command)

    def _end(self, command: Command) -> None:
        """Kill a command with everything that it started; once it has ended by itself, leave what it left."""
        if not command.ended:
            command.due = None
            self._end_tree(command)

    def _end_tree(self, command: Command) -> None:
        others = {each.pid: each.start for each in self._commands.values() if each is not command and not each.ended}
        protection = processes.Protection(command.older, {**self._past_sessions, **others})
        if not processes.end_all_but(protection):
            self._dying.append(command)

    # Limits and metrics

    def _look_after(self) -> None:
        passed = self._watchdog.look()
        if passed is not None:
            self._end_all(passed)
            self._watchdog.settle()
        if self._measurements and self._measurements[0].go_on():
            done, watchdog = self._measurements.pop(0), self._watchdog
            answer = done.answer(watchdog.account, samples=watchdog.samples, num_killed=self._num_killed)
            self._send(**answer)

    def _end_all(self, passed: str) -> None:
        """Kill everything, because a limit was passed that nobody in particular is to blame for."""
        for command in self._commands.values():
            command.explain(f"claudebox_rl: the sandbox passed {passed}; its processes were ended\n")
        if passed.startswith("memory"):
            self._num_killed += len(processes.others())
        processes.end_all_but(processes.Protection(frozenset(), {}))

    def _close_done(self) -> None:
        for command in [each for each in self._commands.values() if each.done]:
            del self._commands[command.id]
            command.close()


def _drain(pipe: int) -> None:
    try:
        os.read(pipe, 4096)
    except BlockingIOError:
        return


def _listening(port: int) -> socket.socket:
    made = socket.socket()
    try:
        # Connections of a host that is gone may still be on their way out.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        if port == 0:
            raise
        return _listening(0)
    return made


def _note(number: int, frame: FrameType | None) -> None:
    """Do nothing: that there is a handler makes Python write to the wake-up descriptor."""


def take_settings(control: int, descriptors: int) -> dict[str, Any]:
    """Read the settings from the host, and give up what they say."""
    for descriptor in (control, descriptors):
        # They came through an exec; a command that inherited one could speak for the supervisor.
        os.set_inheritable(descriptor, False)
    splitter = Splitter()
    settings: dict[str, Any] | None = None
    while settings is None:
        received = os.read(control, CHUNK_BYTES)
        if not received:
            os._exit(0)
        for message, _ in splitter.feed(received):
            settings = message
    confine(settings)
    return settings


def main(control: int, descriptors: int) -> NoReturn:
    """Read the settings from the host, give up what they say, and serve."""
    settings = take_settings(control, descriptors)
    owner = find(settings["user"]) if settings["user"] is not None else None
    Supervisor(control, descriptors, Watchdog(settings["watch"]), owner).serve()
