"""How fast a dataset is written and read, against pyarrow alone with the same rows whole, and in how much memory.

    python benchmarks/dataset_throughput.py        # made talks of 10 and 60 turns, see parts/talks.py

Writing is from rows as journals hold them to Parquet files; reading is from files to rows with whole requests, and for
episodes as values from files to `EpisodeRecord`s, which has no pair. `ratio` is pyarrow's time divided by ours: above 1
is faster. Each is the better of two. Memory is what the process grew by at its peak, in a process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from parts.talks import play, talks

from claudebox_rl import load_dataset
from claudebox_rl.trajectory import commit
from claudebox_rl.trajectory._folder_storage import FolderStorage
from claudebox_rl.trajectory.gathering import PartTables
from claudebox_rl.trajectory.replay import Recorded
from claudebox_rl.trajectory.rows import call_row, episode_row, fold_call, fold_step, step_row
from claudebox_rl.trajectory.schema import SCHEMAS
from claudebox_rl.trajectory.texts import Texts

TURNS, EACH = (10, 60), 2
WHOLE = ("model_calls", "steps", "episodes")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recorded = [
            Recorded(
                folder,
                steps=[step_row(step) for step in record.steps],
                calls=[call_row(call, 0) for call in record.model_calls],
                episode=episode_row(record.episode),
            )
            for record in talks(TURNS, EACH)
        ]
        ours, plain = folder / "ours", folder / "plain"
        ours.mkdir()
        plain.mkdir()
        write_s = _best(lambda: _write(ours, recorded)), _best(lambda: _write_plainly(plain, recorded))
        read_s = _best(lambda: _read(ours)), _best(lambda: _read_plainly(plain))
        figures = {
            "rows_bytes": sum(len(row["request"]) for each in recorded for row in each.calls),
            "write_s": round(write_s[0], 3),
            "write_ratio": round(write_s[1] / write_s[0], 2),
            "read_s": round(read_s[0], 3),
            "read_ratio": round(read_s[1] / read_s[0], 2),
            "records_s": round(_best(lambda: sum(len(r.model_calls) for r in load_dataset(ours))), 3),
            "one_episode_s": round(_best(lambda: load_dataset(ours)["talk-010-0"]), 4),
        }
        for record in talks(TURNS, EACH):
            play(folder / "set", record)
        for what in ("commit", "scan"):
            run = [sys.executable, __file__, what, str(folder / "set")]
            done = subprocess.run(run, check=True, capture_output=True, text=True)
            figures[f"{what}_mib"] = float(done.stdout)
        print(json.dumps({"benchmark": "dataset_throughput", **figures}))


def _write(folder: Path, recorded: list[Recorded]) -> None:
    tables = PartTables()
    for each in recorded:
        texts = Texts()
        steps, calls = [fold_step(row, texts) for row in each.steps], [fold_call(row, texts) for row in each.calls]
        tables.add(Recorded(each.path, steps=steps, calls=calls, episode=each.episode), texts)
    FolderStorage(folder).put("part-0.parquet", tables.tables())


def _write_plainly(folder: Path, recorded: list[Recorded]) -> None:
    rows = {
        "model_calls": [row for each in recorded for row in each.calls],
        "steps": [row for each in recorded for row in each.steps],
        "episodes": [each.episode for each in recorded],
    }
    for name in WHOLE:
        pq.write_table(pa.Table.from_pylist(rows[name], schema=SCHEMAS[name]), folder / f"{name}.parquet")


def _read(folder: Path) -> None:
    dataset = load_dataset(folder)
    for table in (dataset.model_calls, dataset.steps, dataset.episodes):
        table.to_pylist()


def _read_plainly(folder: Path) -> None:
    for name in WHOLE:
        pq.ParquetFile(folder / f"{name}.parquet").read().to_pylist()


def _best(work: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(2):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def _memory(what: str, folder: Path) -> None:
    """Print how much the peak of memory grew by."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if what == "commit":
        commit(folder)
    else:
        for _ in load_dataset(folder):
            pass
    print(round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _memory(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
