"""Layers below `~/.claudebox/skills/layers`: each folder holds one skill, installed once upon one root.

A folder there is complete, since it got its name when it was. While it is filled it is called `<key>.partial`, and
whoever holds the key's lock may remove what stands there under that name.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from claudebox_rl._resources import home
from claudebox_rl.sandbox._guest.disk import folder_bytes
from claudebox_rl.sandbox._tree import remove_tree
from claudebox_rl.session.skills.root import HOST_ROOT, RootIdentity, installed_packages
from claudebox_rl.session.skills.skill import Skill

_FORMAT = 1
"""Of a layer; a new one makes all layers new."""
_MANIFEST = "layer.json"
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Layer:
    """One installed skill."""

    key: str
    skill: str
    root: dict[str, str]
    """Fields of the `RootIdentity` that it was installed upon."""
    python: tuple[str, ...]
    """`name==version` of each Python package in it."""
    system: tuple[str, ...]
    """`name=version` of each Debian package in it."""
    installed_at: float
    """Seconds since the epoch."""
    took_s: float
    path: Path = field(default=Path(), compare=False)
    """Folder on the host."""

    def size_bytes(self) -> int:
        """Return what it takes on disk."""
        return folder_bytes([self.path])


def layers_dir() -> Path:
    """Return the folder of layers; it may not be there."""
    return home().absolute() / "skills" / "layers"


def layer_key(skill: Skill, root: RootIdentity) -> str:
    """Return the name of the layer that holds a skill installed upon a root: of all that its content hangs on."""
    parts = {
        "format": _FORMAT,
        "name": skill.name,  # programs in it know their path
        "install_cmd": skill.install_cmd,
        "requirements": skill.requirements,
        "system_packages": skill.system_packages,
        "root": root.digest(),
        "packages": installed_packages() if skill.system_packages and root.kind == HOST_ROOT else "",
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def find_layer(key: str) -> Layer | None:
    """Return a complete layer; None where there is none."""
    place = layers_dir() / key
    try:
        told: dict[str, Any] = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    told |= {"python": tuple(told["python"]), "system": tuple(told["system"])}
    return Layer(**told, path=place)


def all_layers() -> Iterator[Layer]:
    """Yield the complete layers, by name of their skill."""
    folders = [entry for entry in layers_dir().glob("*") if entry.is_dir() and not entry.suffix]
    layers = [layer for folder in folders if (layer := find_layer(folder.name)) is not None]
    yield from sorted(layers, key=lambda layer: (layer.skill, -layer.installed_at))


@asynccontextmanager
async def turn(key: str) -> AsyncGenerator[Path]:
    """Hold a key's lock against other tasks and processes, and yield where its layer is to be filled: an empty folder.

    What stands there at the end is removed. The kernel lets go of the lock with this process.

    Raises:
        OSError: The folder can't be made.
    """
    layers_dir().mkdir(parents=True, exist_ok=True)
    partial, lock = layers_dir() / f"{key}.partial", layers_dir() / f"{key}.lock"
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _locked(descriptor):  # noqa: ASYNC110  # the other one may be another process
            await asyncio.sleep(_POLL_S)
        await asyncio.to_thread(_empty, partial)
        try:
            yield partial
        finally:
            await asyncio.shield(asyncio.to_thread(remove_tree, partial))
    finally:
        os.close(descriptor)


def commit(layer: Layer) -> Layer:
    """Give a filled folder its name.

    Args:
        layer: With the folder of `turn` as its path.
    """
    facts = asdict(layer)
    del facts["path"]
    (layer.path / _MANIFEST).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    layer.path.chmod(0o755)
    place = layer.path.with_suffix("")
    layer.path.rename(place)
    return Layer(**facts, path=place)


def remove_layer(layer: Layer) -> None:
    """Remove a layer. A session that sees it loses it.

    Raises:
        OSError: It can't be removed.
    """
    trash = layer.path.with_suffix(".partial")  # at once it is no layer any more, whatever comes between
    layer.path.rename(trash)
    remove_tree(trash)
    layer.path.with_suffix(".lock").unlink(missing_ok=True)


def remove_broken() -> int:
    """Remove what killed installations left, and return how many there were; one that is under way stays."""
    num_removed = 0
    for partial in layers_dir().glob("*.partial"):
        descriptor = os.open(partial.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if _locked(descriptor):
                remove_tree(partial)
                num_removed += 1
        finally:
            os.close(descriptor)
    return num_removed


def _locked(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _empty(folder: Path) -> None:
    remove_tree(folder)
    folder.mkdir(mode=0o755)
