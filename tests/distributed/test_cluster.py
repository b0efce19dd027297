"""Joining clusters: what can't be joined is said in time, with the fix."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from claudebox_rl.config import RayConfig
from claudebox_rl.distributed.cluster import check_cluster, ensure_ray
from claudebox_rl.errors import ConfigError

JOIN = """
import sys
from claudebox_rl.config import RayConfig
from claudebox_rl.distributed.cluster import ensure_ray, ray

exec(sys.argv[2])
try:
    ensure_ray(RayConfig(sys.argv[1], {"env_vars": {"SAID": "yes"}}))
    print("joined", ray.get(ray.remote(num_cpus=0)(lambda: __import__("os").environ["SAID"]).remote()))
except Exception as error:
    print(type(error).__name__, error)
"""


def join(address: str, before: str = "", **env: str) -> str:
    """What a process that joins a cluster says."""
    path = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-c", JOIN, address, before]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path, **env}, capture_output=True, text=True, timeout=100, check=True
    )
    return done.stdout


@pytest.fixture
def address() -> str:
    return ray.get_runtime_context().gcs_address


@pytest.fixture
def unconnected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a process that has no cluster yet."""
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    yield
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        (RayConfig("ray://head:10001"), "Ray Client is not supported.*HOST:PORT.*ray job submit"),
        (RayConfig("head"), "must be local, auto or HOST:PORT, not 'head'"),
        (RayConfig("local", {"env_vars": {"A": 1}}), "ray.runtime_env: .*env_vars"),
        (RayConfig("local", {"env_vars": {"ANTHROPIC_API_KEY": "x"}}), "no key may be.*`ray start`"),
    ],
)
def test_settings_that_no_cluster_can_be_had_with(cluster: RayConfig, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_cluster(cluster)


def test_an_address_where_nothing_is_fails_at_once(unconnected: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ConfigError, match=rf"127.0.0.1:{port}: nothing answers there .*ray start --head --port={port}"):
        ensure_ray(RayConfig(f"127.0.0.1:{port}"))


def test_a_running_cluster_is_joined_with_the_runtime_environment(address: str) -> None:
    assert join(address) == "joined yes\n"


def test_another_version_of_ray_is_named(address: str) -> None:
    said = join(address, "ray.__version__ = '2.0.0'")
    assert said.startswith("ConfigError can't reach the Ray cluster")
    assert "Ray: 2.0.0" in said
    assert "install the same versions" in said


@pytest.mark.slow
def test_a_wrong_token_is_named(address: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("0123456789abcdef0123456789abcdef")
    said = join(address, RAY_AUTH_TOKEN_PATH=str(token))
    assert said.startswith("ConfigError can't reach the Ray cluster")
    assert "Copy ~/.ray/auth_token" in said
