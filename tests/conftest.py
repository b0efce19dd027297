from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

# What a shell runs in the background ignores these, and so would all that the tests start.
for ignored in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(ignored) is signal.SIG_IGN:
        signal.signal(ignored, signal.default_int_handler if ignored is signal.SIGINT else signal.SIG_DFL)

# `make models` installs what these need, and fails where they are not found.
collect_ignore = [] if all(map(find_spec, ("torch", "transformers"))) else ["models"]


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, since most tests wait for machines; few, since each collects them all."""
    return min((os.cpu_count() or 1) + 1, 8)


class Spread(LoadScopeScheduling):
    """Gives each test to whichever process is free, but all that play on Ray to one: each would start a cluster."""

    def _split_scope(self, nodeid: str) -> str:
        return "ray" if nodeid.startswith("tests/distributed/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Spread | None:
    """Takes the place of marks for groups, which xdist loses with the newest pytest (pytest-xdist#1386)."""
    return Spread(config, log) if config.option.dist == "load" else None


@pytest.fixture(scope="session", autouse=True)
def home_folder() -> Iterator[Path]:
    """Keeps tests away from the user's own sessions and machines."""
    folder = Path(tempfile.mkdtemp(prefix="claudebox-tests-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAUDEBOX_HOME", str(folder))
        patch.delenv("ANTHROPIC_API_KEY", raising=False)
        patch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
        patch.delenv("OPENAI_API_KEY", raising=False)
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def local_sandbox(home_folder: Path) -> str:
    """The name of the local backend; where this host can't run it, the test is skipped with the cause."""
    from claudebox_rl.errors import SandboxStartError
    from claudebox_rl.sandbox.local import LocalSandbox

    async def start() -> None:
        async with LocalSandbox():
            pass

    try:
        asyncio.run(start())
    except SandboxStartError as error:
        pytest.skip(f"this host can't run the local sandbox: {error}")
    return "local"


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """A real S3 server (rclone's) on loopback; call it with a name for the URI of a dataset in its bucket."""
    root = tmp_path_factory.mktemp("object-store")
    (root / "bucket").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    program = str(Path(sys.executable).with_name("rclone"))
    command = [program, "serve", "s3", "--addr", address, "--auth-key", "key,secret", "--config", os.devnull, str(root)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr
    with server.stderr as log, pytest.MonkeyPatch.context() as patch:
        assert "Starting s3 server" in log.readline()
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")  # rclone knows no checksums behind a body
        yield lambda name: f"s3://bucket/{name}?endpoint_override={address}&scheme=http&region=us-east-1"
        server.terminate()
        server.wait()


@pytest.fixture
def skills_home(home_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with room for what is downloaded: `$CLAUDEBOX_SKILLS_HOME`, else this run's own."""
    home = Path(os.environ.get("CLAUDEBOX_SKILLS_HOME", home_folder))
    monkeypatch.setenv("CLAUDEBOX_HOME", str(home))
    return home
