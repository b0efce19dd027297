"""`claudebox-rl export`: trajectories as files that other tools read, or a dataset in the form of a trainer."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from claudebox_rl._registry import resolve
from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.errors import ConfigError
from claudebox_rl.exports import FORMATS as TRAINERS
from claudebox_rl.session.export import TrajectoryExporter
from claudebox_rl.trajectory import Dataset, EpisodeRecord, load_dataset

DOCUMENTS = ("json", "jsonl")
"""Forms that sessions have as well."""
FORMATS: Mapping[str, str] = {
    "markdown": "claudebox_rl.exports.markdown:write_markdown",
    "atif": "claudebox_rl.exports.atif:write_atif",
}
"""What writes the episodes of a dataset to a path, by the form's name: `(episodes, path)`; a file, or a folder."""


def export(
    source: str, output: str, kind: str | None, episode: str | None, options: dict[str, Any], *, console: Console
) -> None:
    """Write trajectories, and say where.

    Args:
        source: A stored session's id, or a dataset's folder or URI.
        output: The file, or the folder of forms that are one.
        kind: A form; None: by the file's name, `jsonl` or `markdown` (`.md`), else `json`.
        episode: Of a dataset: an episode's id, or how it begins; None: all.
        options: Of the form, by name; None where nothing was said.
        console: Where to print.

    Raises:
        ConfigError: The form is not known, or not one of sessions; or an option that the form does not have.
        SessionNotFoundError: No session of that id is stored.
        TrajectoryError: There is nothing to export, or it can't be written.
    """
    kind = kind or {".jsonl": "jsonl", ".md": "markdown"}.get(Path(output).suffix, "json")
    told = {name: value for name, value in options.items() if value is not None}
    if kind in TRAINERS:
        done = _for_trainer(source, output, kind, told | ({} if episode is None else {"episode": episode}))
        console.print(Text(one_line(done)), soft_wrap=True)
        return
    _refuse(kind, told, [])
    if kind in DOCUMENTS:
        TrajectoryExporter(source, episode=episode).save_to_file(output, format=kind)
    else:
        write = resolve("export format", kind, FORMATS)
        write(_episodes(source, kind, episode), output)
    path = Path(output)
    size = f"{len(list(path.iterdir()))} files" if path.is_dir() else f"{path.stat().st_size} bytes"
    console.print(Text(one_line(f"{output}: {size} of {kind}")), soft_wrap=True)


def _for_trainer(source: str, output: str, kind: str, options: dict[str, Any]) -> str:
    function = resolve("export format", kind, TRAINERS)
    _refuse(kind, options, list(inspect.signature(function).parameters)[2:])
    return str(function(_dataset(source, kind), output, **options))


def _refuse(kind: str, options: dict[str, Any], known: list[str]) -> None:
    """Refuse options that a form does not have.

    Raises:
        ConfigError: There is one.
    """
    if unknown := sorted(options.keys() - set(known)):
        flags = ", ".join("--" + name.replace("_", "-") for name in unknown)
        raise ConfigError(f"--format {kind} has no {flags}", kind=kind)


def _episodes(source: str, kind: str, episode: str | None) -> Iterable[EpisodeRecord]:
    dataset = _dataset(source, kind)
    return dataset if episode is None else [dataset[episode]]


def _dataset(source: str, kind: str) -> Dataset:
    if "/" not in source and not Path(source, "episodes").is_dir():
        raise ConfigError(f"{source!r} is no dataset's folder, and a session has no form {kind}: take json or jsonl")
    return load_dataset(source)
