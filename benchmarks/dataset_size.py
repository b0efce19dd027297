"""How large a dataset is, against the same episodes as claudebox-shaped JSON and as naive Parquet.

    python benchmarks/dataset_size.py [DATASET]        # made talks of 10, 50 and 100 turns

Naive Parquet has a row a call with the whole request, in pyarrow's own settings, and the same steps and episodes. The
JSON is that of `TrajectoryExporter`, which holds tool calls and prompts, and none of the requests. How the talks are
made is told in `parts/talks.py`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from parts.talks import play, talks

from claudebox_rl import TrajectoryExporter, load_dataset
from claudebox_rl.trajectory import Dataset, commit

TURNS = (10, 50, 100)
EACH = 2


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else _made(Path(folder) / "talks")
        dataset = load_dataset(path)
        document, naive = Path(folder) / "all.json", Path(folder) / "naive"
        TrajectoryExporter(path).save_to_file(document)
        num_naive = _naive(dataset, naive)
        tables = {
            name: sum(file.stat().st_size for file in (path / name).glob("*.parquet"))
            for name in ("texts", "model_calls", "steps", "episodes")
        }
        size = sum(tables.values())
        figures = {
            "episodes": len(dataset),
            "model_calls": dataset.columns("model_calls", ["call_id"]).num_rows,
            "bytes": size,
            **{f"{name}_bytes": each for name, each in tables.items()},
            "json_bytes": document.stat().st_size,
            "naive_bytes": num_naive,
            "of_json": round(size / document.stat().st_size, 4),
            "of_naive": round(size / num_naive, 4),
        }
        print(json.dumps({"benchmark": "dataset_size", **figures}))


def _made(path: Path) -> Path:
    for record in talks(TURNS, EACH):
        play(path, record)
    commit(path)
    return path


def _naive(dataset: Dataset, folder: Path) -> int:
    folder.mkdir()
    for name in ("model_calls", "steps", "episodes"):
        pq.write_table(getattr(dataset, name), folder / f"{name}.parquet")
    return sum(file.stat().st_size for file in folder.iterdir())


if __name__ == "__main__":
    main()
