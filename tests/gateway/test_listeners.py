from __future__ import annotations

import socket
import stat
import subprocess
import sys

import httpx
import pytest
from gateway_parts import request

from claudebox_rl.errors import ConfigError, GatewayError
from claudebox_rl.gateway import Gateway, make_upstream

LEAVE = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()"


@pytest.fixture
async def serve(tmp_path):
    gateways = []

    async def start(path=None):
        gateway = Gateway(socket_path=path or tmp_path / "gateway.sock")
        gateways.append(gateway)
        await gateway.start()
        return gateway

    yield start
    for gateway in gateways:
        await gateway.stop()


def client(path):
    return httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(path)), base_url="http://localhost", timeout=5)


async def test_answers_over_the_socket_as_over_the_port(serve):
    gateway = await serve()
    episode = gateway.open_episode("e", make_upstream("nop", {"text": "hi"}))
    headers = {"x-api-key": episode.secret}
    async with client(gateway.socket_path) as unix, httpx.AsyncClient() as tcp:
        over = [await unix.post(f"{episode.path}/v1/messages", json=request(), headers=headers) for _ in range(2)]
        over.append(
            await tcp.post(
                f"http://127.0.0.1:{gateway.port}{episode.path}/v1/messages", json=request(), headers=headers
            )
        )
    assert [response.json()["content"][0]["text"] for response in over] == ["hi"] * 3
    assert len(episode.calls) == 3


async def test_a_connection_is_kept_and_can_be_cut(serve):
    gateway = await serve()
    episode = gateway.open_episode("e", make_upstream("scripted", {"script": [{"drop": True}, {"text": "after"}]}))
    headers = {"x-api-key": episode.secret}
    async with client(gateway.socket_path) as unix:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await unix.post(f"{episode.path}/v1/messages", json=request(), headers=headers)
        assert (await unix.post(f"{episode.path}/v1/messages", json=request(), headers=headers)).status_code == 200
        await unix.get(f"{episode.path}/api/hello")
        pool = unix._transport._pool.connections
    assert len(pool) == 1, "the second and the third request shared a connection"


async def test_only_the_user_may_open_it_and_stop_removes_it(serve):
    gateway = await serve()
    path = gateway.socket_path
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    await gateway.stop()
    assert not path.exists()


@pytest.fixture
def left(tmp_path):
    path = tmp_path / "left.sock"
    subprocess.run([sys.executable, "-c", LEAVE, str(path)], check=True)
    assert path.is_socket()
    return path


async def test_what_a_dead_process_left_is_replaced(serve, left):
    gateway = await serve(left)
    async with client(gateway.socket_path) as unix:
        assert (await unix.get("/e/none/api/hello")).status_code == 401


async def test_a_live_socket_is_not_taken_over(serve, tmp_path):
    path = tmp_path / "live.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(GatewayError, match="can't listen"):
            await serve(path)
        assert path.is_socket()


async def test_a_file_is_not_taken_for_a_socket(serve, tmp_path):
    path = tmp_path / "file"
    path.write_text("kept")
    with pytest.raises(GatewayError, match="can't listen"):
        await serve(path)
    assert path.read_text() == "kept"


async def test_a_path_that_is_too_long_is_refused(serve, tmp_path):
    with pytest.raises(ConfigError, match="107 bytes"):
        await serve(tmp_path / ("x" * 108))
