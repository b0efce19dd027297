"""Built templates on disk: a folder each, `NAME-KEY`, that got its name when it was complete."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from claudebox_rl._resources import home
from claudebox_rl.errors import TemplateError
from claudebox_rl.session.templates.recipe import Recipe

VARIABLE = "CLAUDEBOX_TEMPLATES"
_FACTS = "template.json"
_LAYOUT = "image"


@dataclass(frozen=True, slots=True)
class BuiltTemplate:
    """A template that is ready on this machine."""

    name: str
    key: str
    folder: Path
    built_at: float
    """Seconds since 1970."""
    took_s: float
    num_bytes: int
    """Of the layout folder, compressed. Blobs that it shares with its base are counted, though on disk once."""
    packages: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """`debian`, `npm` and `python` -> package -> version."""

    @property
    def image(self) -> Path:
        """The OCI layout folder."""
        return self.folder / _LAYOUT


def templates_dir() -> Path:
    """Return the folder of built templates: `$CLAUDEBOX_TEMPLATES`, else `~/.claudebox/templates`. Not created here."""
    return Path(os.environ.get(VARIABLE) or home() / "templates").absolute()


def find_built(recipe: Recipe) -> BuiltTemplate | None:
    """Return what was built of a recipe as it is now, if it was."""
    return _read(templates_dir() / f"{recipe.name}-{recipe.key}")


def find_outdated(recipe: Recipe) -> list[Path]:
    """Return what was built of a recipe as it was before; nothing uses it but sessions that run."""
    current = f"{recipe.name}-{recipe.key}"
    found = templates_dir().glob(f"{recipe.name}-{'[0-9a-f]' * 16}")
    return sorted(folder for folder in found if folder.name != current)


def layout_of(partial: Path) -> Path:
    """Return where the image belongs in a folder that is being filled."""
    return partial / _LAYOUT


def commit(recipe: Recipe, partial: Path, *, built_at: float, took_s: float, packages: dict[str, Any]) -> BuiltTemplate:
    """Give a complete folder its name."""
    folder = templates_dir() / f"{recipe.name}-{recipe.key}"
    files = [file for file in layout_of(partial).rglob("*") if file.is_file()]
    for file in files:
        file.chmod(0o644)  # of root; ordinary users boot it as well
    num_bytes = sum(file.stat().st_size for file in files)
    built = BuiltTemplate(recipe.name, recipe.key, folder, built_at, round(took_s, 1), num_bytes, packages)
    facts = {name: value for name, value in asdict(built).items() if name != "folder"}
    (partial / _FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)  # a damaged one: a whole one would have been found
    partial.rename(folder)
    return built


@contextmanager
def turn(recipe: Recipe, waits: Callable[[str], None]) -> Generator[Path]:
    """Hold a recipe's lock, which the kernel lets go of with this process, and give an empty folder to fill.

    Args:
        recipe: What is to be built.
        waits: Told where another process holds it.

    Raises:
        TemplateError: The folder of templates can't be written.
    """
    folder = templates_dir()
    try:
        _make(folder)
        descriptor = os.open(folder / f"{recipe.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise TemplateError(f"can't write to {folder}: {error.strerror}; ${VARIABLE} names another folder") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits("another process is building it: waiting")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        with _empty_folder(folder / f"{recipe.name}.partial") as partial:
            yield partial
    finally:
        os.close(descriptor)


def _make(folder: Path) -> None:
    """Make a folder and those above; where root makes some in a user's folder, they are that user's."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        owner = each.parent.stat()
        if os.geteuid() == 0:
            os.chown(each, owner.st_uid, owner.st_gid)


@contextmanager
def _empty_folder(partial: Path) -> Generator[Path]:
    shutil.rmtree(partial, ignore_errors=True)  # of a builder that was killed
    partial.mkdir(mode=0o755)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _read(folder: Path) -> BuiltTemplate | None:
    with contextlib.suppress(OSError, ValueError, TypeError):
        if (folder / _LAYOUT / "index.json").is_file():
            return BuiltTemplate(folder=folder, **json.loads((folder / _FACTS).read_text(encoding="utf-8")))
    return None
