"""A sweep's one table: a row a job, printed, and as files."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.cli.words import compact, dollars
from claudebox_rl.distributed.sweep.job import Job
from claudebox_rl.distributed.sweep.summary import Summary
from claudebox_rl.trajectory.sheet import write_sheet

Row = tuple[Job, str, Summary]
"""A job, its state (`finished`, `failed`, `open`), and what it came to until now."""
METRICS = tuple(field.name for field in dataclasses.fields(Summary))
"""What a search can maximize or minimize."""


def sweep_table(rows: Sequence[Row], best: Container[str] = ()) -> Table:
    """Return the table to be printed, in the order given.

    Args:
        rows: One a job.
        best: Ids of the jobs to be marked.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for key in _keys(rows):
        table.add_column(key, overflow="fold")
    for name in ("episodes", "return", "valid", "tokens", "usd", "s"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for job, state, summary in rows:
        note = "best" if job.job_id in best else "" if state == "finished" else state
        cells = [*(job.swept.get(key, "") for key in _keys(rows)), *_cells(summary), note]
        style = {"failed": "red", "open": "dim"}.get(state, "bold" if note else "")
        table.add_row(*(Text(one_line(cell)) for cell in cells), style=style)
    return table


def write_tables(rows: Sequence[Row], folder: Path) -> None:
    """Write the table as `sweep.csv` and `sweep.parquet`, with all digits and the jobs' and runs' ids.

    Raises:
        TrajectoryError: The folder can't be written.
    """
    records = [_record(job, state, summary, _keys(rows)) for job, state, summary in rows]
    with (folder / "sweep.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(records[0]) if records else [])
        writer.writeheader()
        writer.writerows(records)
    write_sheet(records, folder / "sweep.parquet")


def _record(job: Job, state: str, summary: Summary, keys: Sequence[str]) -> dict[str, Any]:
    swept: Mapping[str, str | None] = {f"overrides.{key}": job.swept.get(key) for key in keys}
    return {"job_id": job.job_id, "run_id": job.run_id, "state": state, **swept, **dataclasses.asdict(summary)}


def _keys(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(key for job, _, _ in rows for key in job.swept))


def _cells(summary: Summary) -> list[str]:
    return [
        str(summary.episodes),
        returned(summary),
        "-" if summary.valid_share is None else f"{summary.valid_share:.0%}",
        compact(summary.input_tokens + summary.output_tokens),
        dollars(summary.cost_usd),
        f"{summary.seconds:.1f}",
    ]


def returned(summary: Summary) -> str:
    """Return the mean return with its standard error: `0.750 ± 0.164`."""
    if summary.mean_return is None:
        return "-"
    error = "" if summary.return_stderr is None else f" ± {summary.return_stderr:.3f}"
    return f"{summary.mean_return:.3f}{error}"
