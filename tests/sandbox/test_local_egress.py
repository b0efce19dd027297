"""The way out of a real local sandbox: its programs, the proxy, and a world of the test's behind it."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from egress_lab import PUBLIC, World
from ordinary_user import run_tests
from test_egress_hosts import interface_addresses

from claudebox_rl.sandbox._egress.egress import Egress
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.sandbox.spec import SandboxSpec

pytestmark = pytest.mark.usefixtures("local_sandbox")

CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
except OSError as error:
    print(error)
else:
    print("connected")
"""


class WorldlyBox(LocalSandbox):
    """A local sandbox whose proxy sees a world of the test's."""

    def __init__(self, spec: SandboxSpec, world: World) -> None:
        super().__init__(spec)
        self.world = world

    def _make_egress(self) -> Egress:
        allowed = self.spec.allowed_hosts if self.spec.network == "restricted" else None
        blocked = self.spec.blocked_hosts
        return Egress(allowed, self._traffic, blocked_hosts=blocked, resolve=self.world.resolve, dial=self.world.dial)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """A folder that a web server of the host shows, over HTTP at 80 and over TLS at 443."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "hello.txt").write_text("hello\n")
    (folder / "large.bin").write_bytes(bytes(range(256)) * 20_000)
    return folder


@pytest.fixture
def web(site: Path, certificate: tuple[Path, Path]) -> Iterator[dict[int, int]]:
    """The port of the host for each port of the world."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, directory=str(site), **kwargs)

        def log_message(self, *_: object) -> None:
            pass

    plain, secure = (http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) for _ in range(2))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    for server in (plain, secure):
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield {80: plain.server_port, 443: secure.server_port}
    for server in (plain, secure):
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    paths = folder / "cert.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=example.com",
    ]
    subprocess.run([*command, "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


class Web(World):
    """A world whose every host is the test's web server."""

    def __init__(self, ports: dict[int, int]) -> None:
        super().__init__()
        self.ports = ports

    async def dial(self, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.dialled.append((address, port))
        return await asyncio.open_connection("127.0.0.1", self.ports[port])


@pytest.fixture
async def box(web: dict[int, int]) -> AsyncIterator[WorldlyBox]:
    spec = SandboxSpec(network="restricted", allowed_hosts=("example.com", "*.example.com"))
    async with WorldlyBox(spec, Web(web)) as sandbox:
        yield sandbox


@pytest.fixture
async def open_box(web: dict[int, int]) -> AsyncIterator[WorldlyBox]:
    async with WorldlyBox(SandboxSpec(network="full"), Web(web)) as sandbox:
        yield sandbox


PYTHON = "import urllib.request as u; print(u.urlopen('{url}', timeout=10).read().decode(), end='')"
UNCHECKED = "import ssl; ssl._create_default_https_context = ssl._create_unverified_context; "


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_programs_find_their_way(box: WorldlyBox, scheme: str) -> None:
    url = f"{scheme}://www.example.com/hello.txt"
    curl = await box.exec(["curl", "-sSk", "--max-time", "10", url])
    assert curl.text == "hello\n", curl.stderr
    python = await box.exec(["python3", "-c", UNCHECKED + PYTHON.format(url=url)])
    assert python.text == "hello\n", python.stderr
    assert box.world.dialled == [(PUBLIC, 443 if scheme == "https" else 80)] * 2
    assert box.world.asked == ["www.example.com"] * 2
    assert (await box.metrics()).num_refused == 0


def make_repository(folder: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder)]
    for command in (["init", "-q"], ["add", "hello.txt"], ["commit", "-qm", "one"], ["update-server-info"]):
        subprocess.run([*git, *command], check=True, capture_output=True)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_git_clones_through_the_proxy(box: WorldlyBox, site: Path, scheme: str) -> None:
    make_repository(site)
    url = f"{scheme}://example.com/.git"
    done = await box.exec(["git", "-c", "http.sslVerify=false", "clone", "-q", url, "clone"], timeout_s=60)
    assert done.exit_code == 0, done.stderr
    assert await box.read_file("/workspace/clone/hello.txt") == b"hello\n"


async def test_what_is_not_listed_is_refused_and_told(box: WorldlyBox) -> None:
    told = await box.exec(["curl", "-s", "--max-time", "10", "http://evil.test/hello.txt"])
    assert "allowed_hosts" in told.text
    assert (await box.exec(["curl", "-sk", "--max-time", "10", "https://evil.test/"])).exit_code == 56
    assert (await box.exec(["git", "clone", "-q", "https://evil.test/x.git"], timeout_s=20)).exit_code == 128
    assert box.world.asked == box.world.dialled == []
    seen = [(each.host, each.port) for each in (await box.metrics()).refused]
    assert seen == [("evil.test", 80), ("evil.test", 443), ("evil.test", 443)]


async def test_tls_for_another_host_than_the_tunnel_s(box: WorldlyBox) -> None:
    fronted = [
        "curl",
        "-sSk",
        "--max-time",
        "10",
        "--connect-to",
        "evil.test:443:example.com:443",
        "https://evil.test/",
    ]
    result = await box.exec(fronted)
    assert result.exit_code == 35
    assert b"unrecognized name" in result.stderr
    assert box._traffic.sent == 0
    assert [(each.host, each.port) for each in box.take_refused()] == [("example.com", 443)]


@pytest.mark.parametrize(
    ("host", "port"), [(PUBLIC, 80), ("8.8.8.8", 53), ("169.254.169.254", 80), ("example.com", 80), ("localhost", 80)]
)
async def test_no_way_past_the_proxy(box: WorldlyBox, host: str, port: int) -> None:
    said = await box.exec(["python3", "-c", CONNECT, host, str(port)], timeout_s=20)
    assert said.text.strip()
    assert "connected" not in said.text
    without = await box.exec(
        ["curl", "-s", "--max-time", "5", f"http://{host}:{port}/"],
        env={"http_proxy": "", "all_proxy": "", "ALL_PROXY": ""},
    )
    assert without.exit_code in (6, 7)
    assert box.world.dialled == []


@pytest.mark.parametrize("network", ["restricted", "full"])
async def test_datagrams_and_names_do_not_leave(web: dict[int, int], network: str) -> None:
    script = """
import socket
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
    try:
        with socket.socket(socket.AF_INET, kind, 1 if kind == socket.SOCK_RAW else 0) as s:
            s.sendto(b"x" * 20, ("8.8.8.8", 53))
        print("sent")
    except OSError:
        print("shut")
try:
    socket.getaddrinfo("example.com", 80)
    print("found")
except OSError:
    print("shut")
"""
    async with WorldlyBox(SandboxSpec(network=network), Web(web)) as box:
        assert (await box.exec(["python3", "-c", script], timeout_s=30)).text.split() == ["shut"] * 3
        interfaces = await box.exec(["sh", "-c", "ls /sys/class/net 2>/dev/null; cat /proc/net/dev"])
        names = {line.split(":")[0].strip() for line in interfaces.text.splitlines() if ":" in line}
        assert names <= {"lo"}


async def test_abstract_sockets_of_the_host_stay_its_own(box: WorldlyBox) -> None:
    script = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0claudebox-egress-test')"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0claudebox-egress-test")
        listener.listen()
        result = await box.exec(["python3", "-c", script])
    assert b"ConnectionRefusedError" in result.stderr


async def test_full_reaches_public_hosts_and_nothing_of_this_one(open_box: WorldlyBox, web: dict[int, int]) -> None:
    fetch = ["curl", "-sS", "--max-time", "10", "--noproxy", ""]
    assert (await open_box.exec([*fetch, "http://anything.test/hello.txt"])).text == "hello\n"
    assert (await open_box.exec([*fetch, f"http://{PUBLIC}/hello.txt"])).text == "hello\n"
    known = len(open_box.world.dialled)
    own = ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.9.9.9", *interface_addresses()]
    for host in own:
        said = await open_box.exec([*fetch, f"http://{host}:{web[80]}/hello.txt"])
        assert "is refused" in said.text, (host, said)
    open_box.world.addresses["rebound.test"] = ["127.0.0.1"]
    assert "is refused" in (await open_box.exec([*fetch, f"http://rebound.test:{web[80]}/"])).text
    assert len(open_box.world.dialled) == known
    assert (await open_box.metrics()).num_refused == len(own) + 1


async def test_the_variables_of_a_command(box: WorldlyBox, open_box: WorldlyBox) -> None:
    for sandbox in (box, open_box):
        found = dict(line.split("=", 1) for line in (await sandbox.exec(["env"])).text.splitlines())
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            assert found[name] == "http://127.0.0.1:3128"
        assert found["no_proxy"] == found["NO_PROXY"] == "localhost,127.0.0.1,::1"
    async with LocalSandbox() as closed:
        assert "proxy" not in (await closed.exec(["env"])).text.lower()


async def test_commands_can_not_take_the_proxy_s_place_nor_end_it(box: WorldlyBox) -> None:
    take = (
        "import socket; s = socket.socket(); s.setsockopt(1, 15, 1); s.setsockopt(1, 2, 1); s.bind(('127.0.0.1', 3128))"
    )
    assert b"Address already in use" in (await box.exec(["python3", "-c", take])).stderr
    await box.exec(["sh", "-c", "kill -9 -1"])
    assert (await box.exec(["curl", "-s", "http://example.com/hello.txt"])).text == "hello\n"


async def test_bytes_are_counted_and_are_each_machine_s_own(box: WorldlyBox, open_box: WorldlyBox) -> None:
    await box.exec(["curl", "-sk", "-o", "/dev/null", "https://example.com/large.bin"])
    mine, other = await box.metrics(), await open_box.metrics()
    assert 5_120_000 < (mine.network_received_bytes or 0) < 5_300_000
    assert 300 < (mine.network_sent_bytes or 0) < 20_000
    assert (other.network_sent_bytes, other.network_received_bytes) == (0, 0)


async def test_a_transfer_under_way_ends_with_the_sandbox(web: dict[int, int]) -> None:
    gone = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x" * 100)
                await writer.drain()
                await asyncio.sleep(0.01)
        gone.set()

    world = World(handler=trickle)
    spec = SandboxSpec(network="restricted", allowed_hosts=("example.com",))
    async with world.up():
        async with (
            WorldlyBox(spec, world) as box,
            await box.open_exec(["curl", "-sN", "http://example.com/"]) as stream,
        ):
            async for _ in stream:
                break
            before = len(asyncio.all_tasks())
        await asyncio.wait_for(gone.wait(), 5)
        assert len(asyncio.all_tasks()) < before


async def test_a_hundred_at_once(box: WorldlyBox) -> None:
    script = "for i in $(seq 100); do curl -s --max-time 30 http://example.com/hello.txt & done; wait"
    assert (await box.exec(["sh", "-c", script], timeout_s=60)).text == "hello\n" * 100


async def test_hostile_bytes_do_not_end_the_proxy(box: WorldlyBox) -> None:
    script = """
import os, random, socket
random.seed(7)
starts = [
    b"",
    b"\\x16\\x03\\x01",
    b"CONNECT example.com:443 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n",
    b"GET http://example.com/ HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n",
]
for turn in range(60):
    with socket.create_connection(("127.0.0.1", 3128)) as s:
        s.sendall(random.choice(starts) + os.urandom(random.randrange(1, 5000)))
        if turn % 3 == 0:
            s.shutdown(1)
        if turn % 3 == 1:
            s.settimeout(0.05)
            try:
                s.recv(1000)
            except OSError:
                pass
"""
    assert (await box.exec(["python3", "-c", script], timeout_s=60)).exit_code == 0
    assert (await box.exec(["curl", "-s", "http://example.com/hello.txt"])).text == "hello\n"


async def test_a_fork_has_the_same_policy_and_an_account_of_its_own() -> None:
    refused = ["curl", "-s", "--max-time", "10", "http://evil.test/"]
    async with LocalSandbox(SandboxSpec(network="restricted", allowed_hosts=("example.com",))) as box:
        await box.exec(refused)
        (fork,) = await box.fork()
        try:
            assert "allowed_hosts" in (await fork.exec(refused)).text
            assert [len(each.take_refused()) for each in (box, fork)] == [1, 1]
            await box.stop()
            assert "allowed_hosts" in (await fork.exec(refused)).text
        finally:
            await fork.stop()


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_all_of_it_holds_for_an_ordinary_user() -> None:
    run_tests(__file__)
