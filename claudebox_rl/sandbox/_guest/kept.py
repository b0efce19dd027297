"""The supervisor of a machine that is kept: it bears the loss of its host, and serves the next one."""

from __future__ import annotations

import socket
import struct

from claudebox_rl.sandbox._guest.lean import Any, NoReturn
from claudebox_rl.sandbox._guest.main import Supervisor
from claudebox_rl.sandbox._guest.users import User, acting_as
from claudebox_rl.sandbox._guest.watch import READABLE
from claudebox_rl.sandbox._guest.watchdog import Watchdog
from claudebox_rl.sandbox._guest.wire import Splitter

WAY = struct.Struct("=ii")
"""How a way to a host is announced: the descriptors of its stream and of its datagram socket."""
_NO_HOST = -1


class KeptSupervisor(Supervisor):
    """Serves one host after the other.

    A host that goes leaves machine, files and background processes as they are. The commands that it was still reading
    are ended with all that they started.

    Args:
        way: The first host's; see `Supervisor`.
        hosts: Datagram socket on which the next ways are announced.
        watchdog: See `Supervisor`.
        owner: See `Supervisor`.
    """

    def __init__(self, way: tuple[int, int], hosts: socket.socket, watchdog: Watchdog, owner: User | None) -> None:
        super().__init__(*way, watchdog, owner)
        self._hosts = hosts
        self._num_commands = self._num_orphans = 0

    def serve(self) -> NoReturn:
        """Work until the machine is ended from outside."""
        self._watch.set(self._hosts.fileno(), READABLE, self._welcome)
        super().serve()

    def _welcome(self) -> None:
        control, descriptors = WAY.unpack(self._hosts.recv(WAY.size))
        if self._control != _NO_HOST:
            self._lose_host()
        self._control, self._descriptors = control, socket.socket(fileno=descriptors)
        self._greet()

    def _lose_host(self) -> None:
        self._watch.close(self._control)
        self._control = _NO_HOST
        self._descriptors.close()
        self._splitter = Splitter()
        self._unsent.clear()
        self._measurements.clear()
        self._still.release()
        with acting_as(self._owner):
            for file in self._files.values():
                file.close()
        self._files.clear()
        self._end_unread()

    def _end_unread(self) -> None:
        unread, self._commands = tuple(self._commands.values()), {}
        for command in unread:
            # No host gives such an id.
            self._num_orphans += 1
            command.orphan(-self._num_orphans)
            self._commands[command.id] = command
        for command in unread:
            self._end(command)

    def _flush(self) -> None:
        if self._control == _NO_HOST:
            self._unsent.clear()
        else:
            super()._flush()

    def _answer(self, message: dict[str, Any], data: bytes) -> None:
        match message["op"]:
            case "join":
                return
            case "count":
                self._send(op="count", id=message["id"], num_commands=self._num_commands)
            case _:
                self._num_commands += message["op"] == "exec"
                super()._answer(message, data)
