"""`claudebox-rl export`: trajectories as files that other tools read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

from claudebox_rl._registry import resolve
from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.errors import ConfigError
from claudebox_rl.session.export import TrajectoryExporter
from claudebox_rl.trajectory import EpisodeRecord, load_dataset

DOCUMENTS = ("json", "jsonl")
"""Forms that sessions have as well."""
FORMATS: Mapping[str, str] = {
    "markdown": "claudebox_rl.exports.markdown:write_markdown",
    "atif": "claudebox_rl.exports.atif:write_atif",
}
"""What writes the episodes of a dataset to a path, by the form's name: `(episodes, path)`; a file, or a folder."""


def export(source: str, output: str, kind: str | None, episode: str | None, *, console: Console) -> None:
    """Write trajectories, and say where.

    Args:
        source: A stored session's id, or a dataset's folder or URI.
        output: The file, or the folder of forms that are one.
        kind: A form; None: by the file's name, `jsonl` or `markdown` (`.md`), else `json`.
        episode: Of a dataset: an episode's id, or how it begins; None: all.
        console: Where to print.

    Raises:
        ConfigError: The form is not known, or not one of sessions.
        SessionNotFoundError: No session of that id is stored.
        TrajectoryError: There is nothing to export, or the file can't be written.
    """
    kind = kind or {".jsonl": "jsonl", ".md": "markdown"}.get(Path(output).suffix, "json")
    if kind in DOCUMENTS:
        TrajectoryExporter(source, episode=episode).save_to_file(output, format=kind)
    else:
        write = resolve("export format", kind, FORMATS)
        write(_episodes(source, kind, episode), output)
    path = Path(output)
    size = f"{len(list(path.iterdir()))} files" if path.is_dir() else f"{path.stat().st_size} bytes"
    console.print(Text(one_line(f"{output}: {size} of {kind}")), soft_wrap=True)


def _episodes(source: str, kind: str, episode: str | None) -> Iterable[EpisodeRecord]:
    if "/" not in source and not Path(source, "episodes").is_dir():
        raise ConfigError(f"{source!r} is no dataset's folder, and a session has no form {kind}: take json or jsonl")
    dataset = load_dataset(source)
    return dataset if episode is None else [dataset[episode]]
