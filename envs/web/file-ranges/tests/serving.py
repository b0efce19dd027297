"""Start a server of the workspace, and be its client over loopback. The same file in each task that uses it."""

import http.client
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from judging import CAP_BYTES, WORKDIR, Wrong, content, expect, run

_PATIENCE_S = 5.0
_KEEPER = """
import os, resource, subprocess, sys, time
resource.setrlimit(resource.RLIMIT_DATA, (512 << 20, 512 << 20))
server = subprocess.Popen(sys.argv[2:])
while server.poll() is None and not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
server.kill()
"""
"""Keeps the server, which gets half a gigabyte of memory, until a file is there."""


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Client:
    """Sends requests to a server, each on a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """Send a request; `_` in the names of headers stands for `-`.

        Raises:
            Wrong: There is no answer of HTTP.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read(CAP_BYTES))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Wrong(f"{method} {path} with {headers} has no answer: {type(error).__name__}: {error}") from None
        finally:
            connection.close()

    def raw(self, data: bytes) -> socket.socket:
        """Open a connection and send these bytes; the caller closes it.

        Raises:
            Wrong: It can't be opened.
        """
        try:
            connection = socket.create_connection(("127.0.0.1", self.port), _PATIENCE_S)
            connection.sendall(data)
        except OSError as error:
            raise Wrong(f"no connection: {error}") from None
        return connection


@contextmanager
def serving(*arguments: object, timeout_s: float = 40.0) -> Iterator[Client]:
    """Run `server.py PORT ARGUMENTS` and give a client of it; the server is ended afterwards.

    Raises:
        Wrong: There is no server, or the time was not enough.
    """
    content("server.py")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        stop, wrong = Path(place, "stop"), []
        server = [sys.executable, "-s", "-B", str(WORKDIR / "server.py"), str(port), *map(str, arguments)]

        def keep() -> None:
            try:
                ended = run(["python3", "-I", "-c", _KEEPER, str(stop), *server], timeout_s=timeout_s)
                wrong.append("" if stop.exists() else f"the server has ended: {ended.stderr.strip()[-500:]}")
            except Wrong as why:
                wrong.append(str(why))

        keeper = threading.Thread(target=keep)
        keeper.start()
        try:
            _wait(port, keeper)
            yield Client(port)
        except Wrong as why:
            stop.touch()
            keeper.join()
            raise Wrong(f"{why} {wrong[0]}") from None
        finally:
            Path(place).mkdir(exist_ok=True)
            stop.touch()
            keeper.join()
        expect(not wrong[0], wrong[0])


def _wait(port: int, keeper: threading.Thread) -> None:
    give_up = time.monotonic() + 2 * _PATIENCE_S
    while keeper.is_alive() and time.monotonic() < give_up:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Wrong("nobody listens.")
