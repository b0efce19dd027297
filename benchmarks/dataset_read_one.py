"""How long does one episode of a dataset of 10,000 take, against pyarrow.dataset with a filter on the same files?

In 100 parts of 100, and in one. A reading of claudebox_rl makes values of all three tables' rows; pyarrow's are rows.

    python benchmarks/dataset_read_one.py --episodes 10000 --reads 100
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as ds
from parts.long_datasets import write_dataset

from claudebox_rl.trajectory import load_dataset


def times_ms(read: Callable[[str], object], ids: list[str]) -> dict[str, float]:
    read(ids[0])  # footers and ids are looked through once
    taken: list[float] = []
    for episode_id in ids[1:]:
        started = time.perf_counter()
        read(episode_id)
        taken.append((time.perf_counter() - started) * 1e3)
    cuts = statistics.quantiles(taken, n=100)
    return {"p50_ms": round(cuts[49], 2), "p99_ms": round(cuts[98], 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=10_000)
    parser.add_argument("--reads", type=int, default=60)
    given = parser.parse_args()
    for num_parts in (100, 1):
        with tempfile.TemporaryDirectory() as folder:
            ids = random.Random(0).sample(write_dataset(Path(folder), given.episodes, num_parts), given.reads)
            ours = load_dataset(folder)
            tables = [ds.dataset(f"{folder}/{name}") for name in ("episodes", "steps", "model_calls")]
            result = {
                "claudebox_rl": times_ms(ours.__getitem__, ids),
                "pyarrow": times_ms(
                    lambda name, tables=tables: [t.to_table(filter=pc.field("episode_id") == name) for t in tables], ids
                ),
            }
            print(
                json.dumps({"benchmark": "dataset_read_one", "episodes": given.episodes, "parts": num_parts, **result})
            )


if __name__ == "__main__":
    main()
