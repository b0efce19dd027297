"""How fast a dataset is written and read, against pyarrow alone with the same rows whole, and in how much memory?

    python benchmarks/dataset_throughput.py

Of made talks (see parts/talks.py): few long ones, and many short ones. Writing is from rows as journals hold them to
Parquet files; reading is from files to Arrow tables with whole requests, of all tables, and of episodes as values from
files to `EpisodeRecord`s, which has no pair. pyarrow has its own settings. `ratio` is pyarrow's time divided by ours,
on processors, above 1 is faster: the median of three pairs. Memory is what a process of its own grew by at its peak.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
from parts.memory import Peak
from parts.talks import play, talk

from claudebox_rl import load_dataset
from claudebox_rl.trajectory import EpisodeRecord, commit
from claudebox_rl.trajectory._folder_storage import FolderStorage
from claudebox_rl.trajectory.gathering import PartTables
from claudebox_rl.trajectory.replay import Recorded
from claudebox_rl.trajectory.rows import call_row, episode_row, fold_call, fold_step, step_row
from claudebox_rl.trajectory.schema import SCHEMAS
from claudebox_rl.trajectory.texts import Rests, Texts

SHAPES = {"long": (2, 50, (10_000, 50_000)), "middle": (12, 12, (10_000, 50_000)), "short": (200, 3, (500, 3000))}
"""How many talks, of how many turns, with outputs of how many characters."""
WHOLE = ("model_calls", "steps", "episodes")
PAIRS = 3


def main() -> None:
    for shape in SHAPES:
        with tempfile.TemporaryDirectory() as name:
            print(json.dumps({"benchmark": "dataset_throughput", "shape": shape, **_figures(shape, Path(name))}))


def _figures(shape: str, folder: Path) -> dict[str, float]:
    recorded = [
        Recorded(
            folder,
            steps=[step_row(step) for step in record.steps],
            calls=[call_row(call, 0) for call in record.model_calls],
            episode=episode_row(record.episode),
        )
        for record in _talks(shape)
    ]
    ours, plain = folder / "ours", folder / "plain"
    ours.mkdir()
    plain.mkdir()
    figures: dict[str, float] = {"rows_mb": round(sum(len(r["request"]) for e in recorded for r in e.calls) / 1e6, 1)}
    figures |= _paired("write", lambda: _write(ours, recorded), lambda: _write_plainly(plain, recorded))
    figures |= _paired("read", lambda: _read(ours, WHOLE), lambda: _read_plainly(plain, WHOLE))
    figures |= _paired("read_steps", lambda: _read(ours, ("steps",)), lambda: _read_plainly(plain, ("steps",)))
    figures["records_s"] = round(_time(lambda: sum(len(r.model_calls) for r in load_dataset(ours))), 3)
    figures["one_episode_s"] = round(_time(lambda: load_dataset(ours)["e0"]), 4)
    for record in _talks(shape):
        play(folder / "set", record)
    for what in ("commit", "scan"):
        run = [sys.executable, __file__, what, str(folder / "set")]
        figures[f"{what}_mib"] = float(subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return figures


def _talks(shape: str) -> Iterator[EpisodeRecord]:
    count, turns, sizes = SHAPES[shape]
    return (talk(f"e{index}", turns, 1000 + index, sizes) for index in range(count))


def _write(folder: Path, recorded: list[Recorded]) -> None:
    tables, rests = PartTables(), cast("Rests", {})
    for each in recorded:
        texts = Texts(rests)
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


def _read(folder: Path, tables: Sequence[str]) -> None:
    dataset = load_dataset(folder)
    for name in tables:
        getattr(dataset, name)


def _read_plainly(folder: Path, tables: Sequence[str]) -> None:
    for name in tables:
        pq.ParquetFile(folder / f"{name}.parquet").read()


def _paired(name: str, ours: Callable[[], object], plain: Callable[[], object]) -> dict[str, float]:
    pairs = [(_time(ours), _time(plain)) for _ in range(PAIRS + 1)][1:]
    ratios = [plainly / own for own, plainly in pairs]
    return {
        f"{name}_s": round(statistics.median(own for own, _ in pairs), 3),
        f"{name}_ratio": round(statistics.median(ratios), 2),
        f"{name}_ratio_min": round(min(ratios), 2),
    }


def _time(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _memory(what: str, folder: Path) -> None:
    """Print how much the peak of memory grew by."""
    peak = Peak()
    if what == "commit":
        commit(folder)
    else:
        for _ in load_dataset(folder):
            pass
    print(peak.mib)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _memory(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
