"""`claudebox-rl tasks new` and `import`: a task folder to begin with, and those of rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from claudebox_rl.tasks import new_task
from claudebox_rl.tasks.rows import import_rows

_NEXT = """\
made {folder}
  instruction.md   what the agent is asked to do
  environment/     what it finds in its working directory
  solution/        honest work, which proves that the task can be solved
  tests/           the verifier: judge.py is yours, judging.py runs judged code apart from it
  cheats/          cheats that know this task
next: claudebox-rl tasks check {folder}
"""


def new(path: str, *, console: Console) -> None:
    """Make a task folder, and say what is in it and what comes next.

    Raises:
        TaskError: The path can't be a new task's.
    """
    new_task(Path(path))
    console.print(Text(_NEXT.format(folder=path)), end="", soft_wrap=True)


def import_all(rows: str, into: str, repos: str | None, only: Sequence[str], *, console: Console) -> None:
    """Make task folders of the rows of a Parquet file, and say what comes next.

    Raises:
        TaskError: The file, a row or a repository is not as it has to be.
    """
    tasks = import_rows(Path(rows), Path(into), repos=Path(repos) if repos else None, only=only)
    console.print(Text(f"made {len(tasks)} tasks in {into}\nnext: claudebox-rl tasks check {into}"), soft_wrap=True)
