"""One skill's installation: once, inside a machine of the same backend and root, never on the host itself."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from claudebox_rl.errors import SandboxError, SkillInstallationError, boundary
from claudebox_rl.sandbox import Mount, Sandbox, SandboxSpec
from claudebox_rl.session.skills.door import open_door
from claudebox_rl.session.skills.root import RootIdentity, root_identity
from claudebox_rl.session.skills.skill import Skill
from claudebox_rl.session.skills.sources import Sources, find_sources
from claudebox_rl.session.skills.store import Layer, commit, find_layer, layer_key, turn

log = logging.getLogger(__name__)
SKILLS_FOLDER = "/opt/claudebox/skills"
"""Inside: each skill's layer stands in it, under the skill's name."""
INSTALL_TIMEOUT_S = 900.0
_WORK = "/workspace/install"
_KEPT_LINES = 15
_LINE_CHARS = 300
_LOCK_BYTES = 1 << 20
_STEP = "== "
"""Before a step that the installer begins; the rest is what its programs say."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What skills are installed upon."""

    backend: type[Sandbox]
    image: str | None
    memory_mib: int | None = None
    start_timeout_s: float = 60.0


async def installed(skill: Skill, ground: Ground, *, timeout_s: float = INSTALL_TIMEOUT_S) -> Layer:
    """Return the layer of a skill; install it where that was not done before.

    Where somebody else is installing it, this waits for that.

    Args:
        skill: One that needs an installation.
        ground: What it is installed upon.
        timeout_s: Longest time of the installation itself.

    Raises:
        SkillInstallationError: It failed; holds the skill's name and the installer's last lines.
        SandboxStartError: The machine for it did not start.
    """
    root = await root_identity(ground.backend, ground.image)
    key = layer_key(skill, root)
    if layer := find_layer(key):
        log.info("skill %s: installed already, as %s", skill.name, key)
        return layer
    with boundary(SkillInstallationError, f"skill {skill.name!r} can't be installed", skill=skill.name):
        async with turn(key) as partial:
            if layer := find_layer(key):
                return layer
            return await _install(
                skill, ground, root, Layer(key, skill.name, asdict(root), (), (), 0, 0, partial), timeout_s
            )


async def _install(skill: Skill, ground: Ground, root: RootIdentity, layer: Layer, timeout_s: float) -> Layer:
    log.info("skill %s: installing into %s", skill.name, layer.path)
    started = time.monotonic()
    target = f"{SKILLS_FOLDER}/{skill.name}"
    sources = await find_sources(root, _WORK)
    spec = SandboxSpec(
        image=ground.image,
        mounts=(Mount(layer.path, target, read_only=False), *sources.mounts),
        memory_mib=ground.memory_mib,
        start_timeout_s=ground.start_timeout_s,
        user="root" if ground.backend.capabilities().users else None,
    )
    async with ground.backend(spec) as sandbox:
        await _run(sandbox, skill, sources, _job(skill, sources, target), timeout_s)
    lock = await asyncio.to_thread(_read_lock, layer.path)
    took_s = round(time.monotonic() - started, 1)
    filled = Layer(layer.key, skill.name, layer.root, lock["python"], lock["system"], time.time(), took_s, layer.path)
    log.info("skill %s: installed in %.1f s", skill.name, took_s)
    return await asyncio.to_thread(commit, filled)


def _job(skill: Skill, sources: Sources, target: str) -> dict[str, Any]:
    return {
        "layer": target,
        "requirements": skill.requirements,
        "system_packages": skill.system_packages,
        "install_cmd": skill.install_cmd,
        "apt": {"etc": sources.apt_etc, "dpkg": sources.dpkg},
        "pip_wheels": sources.pip_wheels,
    }


async def _run(sandbox: Sandbox, skill: Skill, sources: Sources, job: dict[str, Any], timeout_s: float) -> None:
    program = files("claudebox_rl.session.skills").joinpath("_installer.py").read_bytes()
    for name, content in {**sources.files, "installer.py": program}.items():
        await sandbox.write_file(f"{_WORK}/{name}", content)
    said = deque[str](maxlen=_KEPT_LINES)
    async with open_door(sandbox, sources.hosts) as proxy:
        argv = ["python3", "-I", f"{_WORK}/installer.py", f"{_WORK}/run"]
        env = {**sources.env, **proxy}
        await sandbox.exec(["mkdir", f"{_WORK}/run"], timeout_s=60)
        async with await sandbox.open_exec(argv, env=env, cwd="/workspace", timeout_s=timeout_s) as stream:
            await stream.write_stdin(json.dumps(job).encode())
            await stream.close_stdin()
            rest = b""
            async for chunk in stream:
                *lines, rest = (rest + chunk.data).split(b"\n")
                _tell(skill, lines, said)
            _tell(skill, [rest], said)
            status = await stream.wait()
    if status.timed_out:
        said.append(f"it was ended after {timeout_s:g} s")
    if status.timed_out or status.exit_code != 0:
        raise _failed(skill, status.exit_code, said)


def _tell(skill: Skill, lines: list[bytes], said: deque[str]) -> None:
    for line in lines:
        text = "".join(each for each in line.decode("utf-8", "replace") if each.isprintable())[:_LINE_CHARS]
        if text.strip():
            said.append(text)
            log.log(logging.INFO if text.startswith(_STEP) else logging.DEBUG, "skill %s: %s", skill.name, text)


def _failed(skill: Skill, exit_code: int, said: deque[str]) -> SkillInstallationError:
    words = "\n  ".join(said)
    return SkillInstallationError(
        f"skill {skill.name!r} can't be installed:\n  {words}\n"
        f"It is installed once, which needs the package indexes of this host; where there is no network later, run "
        f"`claudebox-rl skills install {skill.name}` beforehand",
        skill=skill.name,
        exit_code=exit_code,
        output=list(said),
    )


def _read_lock(folder: Path) -> dict[str, tuple[str, ...]]:
    """Read what the installer says that it resolved. The folder is a sandbox's: no link of it is followed."""
    lock = folder / "lock.json"
    if lock.is_symlink() or not lock.is_file() or lock.stat().st_size > _LOCK_BYTES:
        raise SandboxError("the installer left no account of what it did")
    told: Any = json.loads(lock.read_text(encoding="utf-8"))
    return {name: tuple(str(each) for each in told[name]) for name in ("python", "system")}
