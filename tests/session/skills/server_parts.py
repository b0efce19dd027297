"""Servers that tests of skills talk to: real databases where this machine has them, and stand-ins for services."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

POSTGRES_PLACES = "/usr/lib/postgresql"


def find_program(name: str, packages: str, places: Sequence[str] = ()) -> str:
    """Return a program's path; where there is none, the test is skipped with the way to get it."""
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", *places])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"{name} is not on this machine: apt-get install {packages}")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def running(argv: Sequence[str], port: int, log: Path, user: str | None = None) -> Iterator[int]:
    """Run a server until it is no longer needed; it is up when its port is."""
    with log.open("wb") as out, subprocess.Popen(argv, stdout=out, stderr=out, cwd="/", user=user) as process:
        try:
            _wait_for(port, process, log)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the server did not come up: {log.read_text()[-2000:]}")


def ordinary_user() -> str | None:
    """Whom a server runs as that refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = [entry.pw_name for entry in pwd.getpwall()]
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def postgres(folder: Path, password: str) -> Iterator[int]:
    places = [str(place) for place in sorted(Path(POSTGRES_PLACES).glob("*/bin"))]
    server = find_program("postgres", "postgresql", places)
    initdb = find_program("initdb", "postgresql", places)
    user, port, data = ordinary_user(), free_port(), folder / "pg"
    for place in (folder, *folder.parents):
        if place == Path("/tmp"):
            break
        place.chmod(0o755)
    secret = folder / "pw"
    secret.write_text(password)
    data.mkdir()
    if user is not None:
        for place in (data, secret):
            shutil.chown(place, user)
    argv = [initdb, "-D", str(data), "-U", "app", "-A", "scram-sha-256", f"--pwfile={secret}", "-N"]
    made = subprocess.run(argv, user=user, cwd="/", capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    server_argv = [server, "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(data), "-F"]
    with running(server_argv, port, folder / "pg.log", user) as up:
        yield up


@contextmanager
def mariadb(folder: Path, password: str) -> Iterator[int]:
    server = find_program("mariadbd", "mariadb-server")
    install = find_program("mariadb-install-db", "mariadb-server")
    port, data = free_port(), folder / "mariadb"
    me = pwd.getpwuid(os.geteuid()).pw_name
    common = ["--no-defaults", f"--datadir={data}", f"--user={me}", f"--basedir={Path(server).parents[1]}"]
    made = subprocess.run([install, *common, "--skip-test-db"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    start = folder / "init.sql"
    start.write_text(
        # One statement a line: the server reads no other form.
        f"create user app@'127.0.0.1' identified by '{password}';\ncreate database app;\n"
        "grant all on app.* to app@'127.0.0.1';\n"
    )
    argv = [server, *common, "--bind-address=127.0.0.1", f"--port={port}", f"--socket={data}/s", f"--init-file={start}"]
    with running([*argv, "--skip-name-resolve"], port, folder / "mariadb.log") as up:
        yield up


@contextmanager
def redis(folder: Path, password: str) -> Iterator[int]:
    server = find_program("redis-server", "redis-server")
    port = free_port()
    argv = [server, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--requirepass", password]
    with running([*argv, "--save", ""], port, folder / "redis.log") as up:
        yield up


@dataclass
class StandIn:
    """A service of the internet, as this test's own HTTP server."""

    port: int
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    """Method, path, headers and body of each."""


Answer = Callable[[str, str], tuple[int, dict[str, str], bytes]]
"""From method and path to status, headers and body."""


@contextmanager
def stand_in(answer: Answer) -> Iterator[StandIn]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            service.requests.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, headers, content = answer(self.command, self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_HEAD = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = StandIn(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def as_json(value: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json", **headers}, json.dumps(value).encode()
