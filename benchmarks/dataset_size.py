"""How large a dataset is, against the same episodes as claudebox-shaped JSON and as naive Parquet.

    python benchmarks/dataset_size.py              # made talks of 10, 100 and 200 turns, each length on its own
    python benchmarks/dataset_size.py DATASET      # what was played, such as by `claudebox-rl rollout`

Naive Parquet has a row a call with the whole request, in pyarrow's own settings, and the same steps and episodes. The
JSON is that of `TrajectoryExporter`, which holds tool calls and prompts, and none of the requests. How the talks are
made is told in `parts/talks.py`: a part of them is drawn by chance, and `of_json_zstd` says what zstd at level 9 makes
of the whole JSON at once.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from parts.talks import play, talks

from claudebox_rl import TrajectoryExporter, load_dataset
from claudebox_rl.trajectory import Dataset, commit
from claudebox_rl.trajectory.upkeep import compact

TURNS = (10, 100, 200)
EACH = 2


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if len(sys.argv) > 1:
            _measure("played", Path(sys.argv[1]), folder)
            return
        for turns in TURNS:
            made = folder / str(turns)
            for record in talks((turns,), EACH):
                play(made, record)
            commit(made)
            compact(made)
            _measure(f"{turns} turns", made, folder)


def _measure(what: str, path: Path, folder: Path) -> None:
    dataset = load_dataset(path)
    document = folder / "all.json"
    TrajectoryExporter(path).save_to_file(document)
    size, num_naive = document.stat().st_size, _naive(dataset, folder / f"naive {what}")
    tables = {
        table: sum(file.stat().st_size for file in (path / table).glob("*.parquet"))
        for table in ("texts", "model_calls", "steps", "episodes")
    }
    num_bytes = sum(tables.values())
    figures = {
        "episodes": len(dataset),
        "model_calls": dataset.columns("model_calls", ["call_id"]).num_rows,
        "bytes": num_bytes,
        **{f"{table}_bytes": each for table, each in tables.items()},
        "json_bytes": size,
        "naive_bytes": num_naive,
        "of_json": round(num_bytes / size, 4),
        "of_json_zstd": round(len(pa.Codec("zstd", 9).compress(document.read_bytes(), asbytes=True)) / size, 4),
        "of_naive": round(num_bytes / num_naive, 4),
    }
    print(json.dumps({"benchmark": "dataset_size", "what": what, **figures}), flush=True)


def _naive(dataset: Dataset, folder: Path) -> int:
    folder.mkdir()
    for name in ("model_calls", "steps", "episodes"):
        pq.write_table(getattr(dataset, name), folder / f"{name}.parquet")
    return sum(file.stat().st_size for file in folder.iterdir())


if __name__ == "__main__":
    main()
