"""`claudebox-rl export`: trajectories as a file of JSON."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.session.export import TrajectoryExporter


def export(source: str, output: str, kind: str | None, episode: str | None, *, console: Console) -> None:
    """Write a file, and say where.

    Args:
        source: A stored session's id, or a dataset's folder.
        output: The file.
        kind: `json` or `jsonl`; None: `jsonl` where the file's name ends so, else `json`.
        episode: Of a dataset: an episode's id, or how it begins; None: all.
        console: Where to print.

    Raises:
        SessionNotFoundError: No session of that id is stored.
        TrajectoryError: There is nothing to export, or the file can't be written.
    """
    kind = kind or ("jsonl" if Path(output).suffix == ".jsonl" else "json")
    TrajectoryExporter(source, episode=episode).save_to_file(output, format=kind)
    console.print(Text(one_line(f"{output}: {Path(output).stat().st_size} bytes of {kind}")), soft_wrap=True)
