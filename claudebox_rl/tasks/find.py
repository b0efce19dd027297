"""From a name or a path to tasks."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from claudebox_rl._resources import data_dir
from claudebox_rl.errors import TaskError
from claudebox_rl.tasks._table import CONFIG
from claudebox_rl.tasks.load import load_task
from claudebox_rl.tasks.procedural.names import SUITE, is_selector, names_of
from claudebox_rl.tasks.procedural.shelf import id_of, place
from claudebox_rl.tasks.task import Task


def find_tasks(selector: str | Sequence[str]) -> list[Task]:
    """Load the tasks that one or more selectors name, in their order, each once.

    Args:
        selector: A shipped suite (`quickstart`), one task of it (`quickstart/fix-bug`), the path of a task folder,
            the path of a folder of task folders, generated tasks (`procedural/sql-3-0..99`, see
            `claudebox_rl.tasks.procedural.names`), or a list that mixes these. A name goes before a path; write
            `./quickstart` for a folder of that name.

    Raises:
        TaskError: Nothing is called so (the message lists the shipped suites and tasks), a folder is malformed, or
            two tasks have one id.
    """
    selectors = [selector] if isinstance(selector, str) else list(selector)
    folders = [folder for one in selectors for folder in _folders(one)]
    if not folders:
        raise TaskError(f"no task was asked for; {_known()}", selector=selectors)
    tasks = [load_task(folder, _suite_id(folder)) for folder in dict.fromkeys(folders)]
    _check_ids(tasks)
    return tasks


def shipped_suites() -> list[str]:
    """Return the names of the shipped suites, which are selectors of their tasks."""
    return [suite.name for suite in sorted(data_dir("envs").iterdir()) if _task_folders(suite)]


def _folders(selector: str) -> list[Path]:
    """The task folders behind one selector, resolved."""
    if is_selector(selector):
        return [place(name).resolve() for name in names_of(selector)]
    for candidate in _candidates(selector):
        if (candidate / CONFIG).is_file():
            return [candidate.resolve()]
        if found := _task_folders(candidate):
            return [folder.resolve() for folder in found]
    raise TaskError(f"unknown task {selector!r}; {_known(selector)}", selector=selector)


def _candidates(selector: str) -> Iterator[Path]:
    parts = selector.split("/")
    if len(parts) <= 2 and all(part.strip(".") for part in parts):
        yield data_dir("envs").joinpath(*parts)
    if selector.strip():
        yield Path(selector).expanduser()


def _task_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(child for child in folder.iterdir() if (child / CONFIG).is_file())


def _suite_id(folder: Path) -> str | None:
    shipped = data_dir("envs").resolve()
    return folder.relative_to(shipped).as_posix() if folder.is_relative_to(shipped) else id_of(folder)


def _check_ids(tasks: Iterable[Task]) -> None:
    seen: dict[str, Path] = {}
    for task in tasks:
        if task.task_id in seen:
            both = f"{seen[task.task_id]} and {task.path}"
            raise TaskError(f"two tasks are called {task.task_id!r}: {both}; rename one", task_id=task.task_id)
        seen[task.task_id] = task.path


def _known(selector: str = "") -> str:
    """Say what there is: the suites, and the tasks of the one that a selector begins with, or is meant to."""
    suites = shipped_suites()
    meant = difflib.get_close_matches(selector.partition("/")[0], suites, 1)
    tasks = [f"{suite}/{folder.name}" for suite in meant for folder in _task_folders(data_dir("envs") / suite)]
    listed = f"tasks of {meant[0]}: {', '.join(tasks)}; " if tasks else ""
    return (
        f"known suites: {', '.join(suites)} (`claudebox-rl tasks` lists their tasks); {listed}"
        f"generated tasks: {SUITE}, or {SUITE}/regex-3-0..99 and the like; "
        f"the path of a task folder (with a {CONFIG}), or of a folder of such folders, works too"
    )
