"""How many steps a second does a scan of 100,000 episodes read, against bare pyarrow, and in how much memory?

Each scan is a process of its own; memory is the most that Arrow held, looked at after each batch.

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

import pyarrow as pa
import pyarrow.parquet as pq
from parts.long_datasets import write_dataset

from claudebox_rl.trajectory import load_dataset

READERS = ("bare", "tables", "values")


def rows(reader: str, folder: str) -> Iterator[int]:
    if reader == "bare":
        for path in sorted(Path(folder, "steps").glob("*.parquet")):
            yield from (batch.num_rows for batch in pq.ParquetFile(path).iter_batches(1024))
    elif reader == "tables":
        yield from (batch.num_rows for batch in load_dataset(folder).to_arrow("steps"))
    else:
        yield from (len(record.steps) for record in load_dataset(folder))


def scan(reader: str, folder: str) -> None:
    started, count, most = time.perf_counter(), 0, 0
    for number in rows(reader, folder):
        count, most = count + number, max(most, pa.total_allocated_bytes())
    seconds = time.perf_counter() - started
    print(json.dumps({"steps": count, "steps_per_s": round(count / seconds), "arrow_mib": round(most / 2**20, 1)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=100_000)
    parser.add_argument("--parts", type=int, default=20)
    parser.add_argument("--scan", nargs=2, metavar=("READER", "FOLDER"), help="one scan, in this process")
    given = parser.parse_args()
    if given.scan:
        scan(*given.scan)
        return
    with tempfile.TemporaryDirectory() as folder:
        write_dataset(Path(folder), given.episodes, given.parts)
        for reader in READERS:
            command = [sys.executable, __file__, "--scan", reader, folder]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            print(json.dumps({"benchmark": "dataset_scan", "episodes": given.episodes, "reader": reader, **found}))


if __name__ == "__main__":
    main()
