"""Where generated tasks lie: each is made once, as a folder below the user's state, and found there from then on."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from claudebox_rl._resources import home
from claudebox_rl.errors import TaskError
from claudebox_rl.tasks.procedural.folder import generate, shared_files
from claudebox_rl.tasks.procedural.names import SUITE, Name


def place(name: Name) -> Path:
    """Return the folder of a generated task, which is made where it is not there yet.

    Several processes may ask for it at once: each sees a whole folder or none.

    Raises:
        ConfigError: There is no such family.
        TaskError: The folder can't be written.
    """
    folder = _shelf() / str(name)
    if (folder / "task.toml").is_file():
        return folder
    files = generate(name.family, name.difficulty, name.seed)
    try:
        _put(folder, files)
    except OSError as error:
        raise TaskError(f"the generated task {name} can't be written to {folder}: {error}", path=str(folder)) from error
    return folder


def id_of(folder: Path) -> str | None:
    """Return the id of a generated task, by its folder; None for any other folder."""
    return f"{SUITE}/{folder.name}" if folder.resolve().parent.parent == _root().resolve() else None


def _root() -> Path:
    return home() / SUITE


def _shelf() -> Path:
    return _root() / _edition()


@cache
def _edition() -> str:
    """Return what changes with anything that a task is made of, so that no task of other generators is found."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    parts = [*(source.read_bytes() for source in sources), *shared_files().values()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _put(folder: Path, files: dict[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    try:
        for path, content in files.items():
            target = partial / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        partial.chmod(0o755)
        os.rename(partial, folder)  # noqa: PTH104  # Path.rename would not tell a folder that somebody made meanwhile
    except OSError:
        if not (folder / "task.toml").is_file():
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
