"""How many steps a second does a scan of 100,000 episodes read, against bare pyarrow, and in how much memory?

`bare` reads files of the same steps with all texts in their places, which pyarrow wrote in its own settings; `tables`
reads `load_dataset(...).to_arrow("steps")`, and `values` each episode with its steps and calls. Each scan is a process
of its own, which first reads one batch; memory is what it grew by at its peak from there on. `ratio` is to the bare
scan just before, by time on processors.

    python benchmarks/dataset_scan.py --episodes 100000
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from parts.long_datasets import write_dataset
from parts.memory import Peak

from claudebox_rl.trajectory import load_dataset

READERS = ("tables", "values")


def rows(reader: str, folder: str) -> Iterator[int]:
    if reader == "bare":
        for path in sorted(Path(folder, "naive").glob("*.parquet")):
            yield from (batch.num_rows for batch in pq.ParquetFile(path).iter_batches())
    elif reader == "tables":
        yield from (batch.num_rows for batch in load_dataset(folder).to_arrow("steps"))
    else:
        yield from (len(record.steps) for record in load_dataset(folder))


def scan(reader: str, folder: str) -> None:
    next(rows(reader, folder))  # imports
    peak, started, began = Peak(), time.perf_counter(), time.process_time()
    count = sum(rows(reader, folder))
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - began
    found = {"steps": count, "steps_per_s": round(count / seconds), "cpu_s": round(cpu_s, 3), "grew_mib": peak.mib}
    print(json.dumps(found))


def scanned(reader: str, folder: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--scan", reader, folder]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=100_000)
    parser.add_argument("--parts", type=int, default=20)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--scan", nargs=2, metavar=("READER", "FOLDER"), help="one scan, in this process")
    given = parser.parse_args()
    if given.scan:
        scan(*given.scan)
        return
    with tempfile.TemporaryDirectory() as folder:
        write_dataset(Path(folder), given.episodes, given.parts, Path(folder) / "naive")
        for reader in READERS * given.times:
            bare, ours = scanned("bare", folder), scanned(reader, folder)
            found = {**ours, "ratio": round(bare["cpu_s"] / ours["cpu_s"], 2), "bare": bare}
            print(json.dumps({"benchmark": "dataset_scan", "episodes": given.episodes, "reader": reader, **found}))


if __name__ == "__main__":
    main()
