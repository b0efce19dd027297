from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

# `make models` installs what these need, and fails where they are not found.
collect_ignore = [] if all(map(find_spec, ("torch", "transformers"))) else ["models"]


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


@pytest.fixture
def skills_home(home_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with room for what is downloaded: `$CLAUDEBOX_SKILLS_HOME`, else this run's own."""
    home = Path(os.environ.get("CLAUDEBOX_SKILLS_HOME", home_folder))
    monkeypatch.setenv("CLAUDEBOX_HOME", str(home))
    return home
