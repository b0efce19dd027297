"""Layers on disk: made once, whole or not at all."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from skill_parts import NUMBERS

from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.session.skills import install
from claudebox_rl.session.skills.install import Ground, installed
from claudebox_rl.session.skills.root import RootIdentity, root_identity
from claudebox_rl.session.skills.skill import Skill
from claudebox_rl.session.skills.store import (
    Layer,
    all_layers,
    commit,
    find_layer,
    layer_key,
    layers_dir,
    remove_broken,
    remove_layer,
    turn,
)

ROOT = RootIdentity("layout", "abc", "", "x86_64")


async def made(key: str = "k") -> Layer:
    async with turn(key) as folder:
        (folder / "python").mkdir()
        return commit(Layer(key, "numbers", {"kind": "host"}, ("a==1",), (), 5.0, 1.0, folder))


def test_a_key_is_of_what_the_content_hangs_on() -> None:
    key = layer_key(NUMBERS, ROOT)
    assert key == layer_key(replace(NUMBERS, description="Other words", instructions="x", config={"a": 1}), ROOT)
    for other in (
        replace(NUMBERS, name="other"),
        replace(NUMBERS, requirements=["zebra-counter==1"]),
        replace(NUMBERS, install_cmd="true"),
        replace(NUMBERS, system_packages=["jq"]),
    ):
        assert layer_key(other, ROOT) != key
    for root in (replace(ROOT, name="abd"), replace(ROOT, machine="aarch64"), replace(ROOT, kind="registry")):
        assert layer_key(NUMBERS, root) != key


async def test_a_root_is_told_by_its_image() -> None:
    host = await root_identity(LocalSandbox, None)
    assert (host.kind, host.machine) == ("host", os.uname().machine)
    assert host.python.startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    named = await root_identity(LocalSandbox, "python:3.12")
    assert (named.kind, named.name) == ("registry", "python:3.12")


async def test_a_layer_is_found_listed_and_removed(own_home: Path) -> None:
    assert (find_layer("k"), list(all_layers())) == (None, [])
    layer = await made()
    assert find_layer("k") == layer
    assert layer.path == layers_dir() / "k"
    assert list(all_layers()) == [layer]
    assert layer.size_bytes() > 0
    remove_layer(layer)
    assert list(layers_dir().iterdir()) == []


async def test_what_is_not_committed_is_gone(own_home: Path) -> None:
    async def broken() -> None:
        async with turn("k") as folder:
            (folder / "half").touch()
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await broken()
    assert [path.name for path in layers_dir().iterdir()] == ["k.lock"]


async def test_what_a_killed_process_left_is_removed_by_the_next(own_home: Path) -> None:
    for name in ("k", "other"):
        (layers_dir() / f"{name}.partial").mkdir(parents=True)
        (layers_dir() / f"{name}.partial" / "half").touch()
    async with turn("k") as folder:
        assert list(folder.iterdir()) == []
        assert remove_broken() == 1  # not the one that is being filled
    assert list(all_layers()) == []


async def test_two_sessions_at_once_install_once(
    local_sandbox: str, wheels: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[str] = []
    run = install._run

    async def counted(*arguments: object) -> None:
        runs.append("run")
        await run(*arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(install, "_run", counted)
    ground = Ground(LocalSandbox, None)
    first, second = await asyncio.gather(installed(NUMBERS, ground), installed(NUMBERS, ground))
    assert (first, runs) == (second, ["run"])


async def test_a_cancelled_installation_leaves_nothing(local_sandbox: str, own_home: Path) -> None:
    slow = Skill("slow", "x", "sleep 60")
    task = asyncio.create_task(installed(slow, Ground(LocalSandbox, None)))
    await asyncio.sleep(1.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [path.suffix for path in layers_dir().iterdir()] == [".lock"]
    assert not list((own_home / "machines").glob("local-*"))


async def test_an_installation_has_a_time_of_its_own(local_sandbox: str, own_home: Path) -> None:
    slow = Skill("slow", "x", "echo begun; sleep 60")
    with pytest.raises(install.SkillInstallationError, match=r"(?s)begun.*it was ended after 8 s"):
        await installed(slow, Ground(LocalSandbox, None), timeout_s=8)


async def test_a_killed_installer_does_not_hold_up_the_next(local_sandbox: str, wheels: Path, own_home: Path) -> None:
    program = """
        import asyncio
        from claudebox_rl.sandbox.local import LocalSandbox
        from claudebox_rl.session.skills.install import Ground, installed
        from claudebox_rl.session.skills.skill import Skill
        skill = Skill("numbers", "x", "echo half > $CLAUDEBOX_SKILL/half; [ -e /tmp/x ] || sleep 60")
        asyncio.run(installed(skill, Ground(LocalSandbox, None)))
    """
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", textwrap.dedent(program))
    while not list(layers_dir().glob("*.partial/half")):
        await asyncio.sleep(0.1)
        assert process.returncode is None
    process.kill()
    await process.wait()
    assert len(list(layers_dir().glob("*.partial"))) == 1
    assert (await installed(NUMBERS, Ground(LocalSandbox, None))).python == ("zebra-counter==1.2.3",)
    assert remove_broken() == 1
