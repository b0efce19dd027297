"""A new task folder to begin with: a small task that is proved as it stands, and says why it is as it is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from claudebox_rl._resources import data_dir
from claudebox_rl.errors import TaskError, boundary
from claudebox_rl.tasks._table import CONFIG
from claudebox_rl.tasks.load import load_task
from claudebox_rl.tasks.task import Task

_SHARED = ("judging.py", "test.sh")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.IGNORECASE)


def new_task(path: Path) -> Task:
    """Make a task folder, and return the task.

    Args:
        path: Must not be there yet, or be an empty folder; its name becomes the task's.

    Raises:
        TaskError: Something is there, the name can't be a task's, or the folder can't be written.
    """
    folder = path.expanduser().absolute()
    if not _NAME.fullmatch(folder.name):
        raise TaskError(f"{folder.name!r} can't be the name of a task: use letters, digits, '.', '_' and '-'")
    with boundary(TaskError, f"can't make {folder}"):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise TaskError(f"{folder} is there already; choose another path", path=str(folder))
        shutil.copytree(data_dir("scaffold") / "task", folder, dirs_exist_ok=True)
        for name in _SHARED:
            shutil.copy(data_dir("envs") / "quickstart" / "fix-bug" / "tests" / name, folder / "tests" / name)
        config = folder / CONFIG
        config.write_text(config.read_text("utf-8").replace("@NAME@", folder.name), "utf-8")
    return load_task(folder)
