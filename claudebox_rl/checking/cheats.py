"""The cheats that are shipped, and those that a task brings along: bash scripts that say in a line what they try."""

from __future__ import annotations

from pathlib import Path

from claudebox_rl._resources import data_dir
from claudebox_rl.checking.player import Player, Role
from claudebox_rl.errors import TaskError
from claudebox_rl.tasks import Task

OWN = "own:"
"""Begins the names of cheats that a task brings along."""
_TOOLBOX = "toolbox.bash"


def shipped_cheats() -> list[Player]:
    """Return the cheats that every task has to bear, by name.

    Raises:
        ConfigError: The installation lacks them.
    """
    return _cheats(data_dir("cheats"), "")


def own_cheats(task: Task) -> list[Player]:
    """Return a task's own cheats, from `cheats/*.sh` beside its solution; the agent never gets that folder.

    Raises:
        TaskError: One does not say in its first line what it tries.
    """
    return _cheats(task.path / "cheats", OWN)


def _cheats(folder: Path, prefix: str) -> list[Player]:
    toolbox = (data_dir("cheats") / _TOOLBOX).read_text("utf-8")
    return [_cheat(path, prefix, toolbox) for path in sorted(folder.glob("*.sh"), key=lambda path: path.stem)]


def _cheat(path: Path, prefix: str, toolbox: str) -> Player:
    script = path.read_text("utf-8")
    lines = script.removeprefix("#!/bin/bash\n").splitlines() or [""]
    doc = lines[0].lstrip("# ").strip()
    if not lines[0].startswith("#") or not doc:
        raise TaskError(f"{path}: the first line has to say what this cheat tries: '# Writes ...'", path=str(path))
    return Player(f"{prefix}{path.stem}", Role.CHEAT, doc, "shell", f"{toolbox}\n{script}")
