"""How fast are small parts compacted, beside bare pyarrow that concatenates the same files? And thousands?"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from claudebox_rl.trajectory import EpisodeJournal, commit
from claudebox_rl.trajectory._storage import TABLES
from claudebox_rl.trajectory.upkeep import compact
from claudebox_rl.types import Episode, ModelCall, Outcome, Step

PARTS, TURNS, RUNS = 40, 6, 3
FEW, MANY = 500, 2000
WORDS = ["def", "return", "import", "error", "value", "test", "path", "file", "result", "assert"]


def text(chance: random.Random, characters: int) -> str:
    return " ".join(f"{chance.choice(WORDS)}{chance.randrange(1000)}" for _ in range(characters // 8))


def fill(dataset: Path) -> None:
    """Commit episodes one by one: each call repeats the conversation and adds 10 kB to it."""
    chance = random.Random(0)
    system = text(chance, 20_000)
    for index in range(PARTS):
        name, messages = f"e{index}", []
        with EpisodeJournal(dataset, name) as file:
            for turn in range(TURNS):
                messages.append({"role": "user", "content": text(chance, 10_000)})
                call = ModelCall(f"{name}-{turn}", name, {"system": system, "messages": list(messages)}, {}, 200)
                file.add_step(Step(name, turn, {"instruction": ""}, "go", 0.0, {}, False, False), [call])
            file.finish(Episode(name, "run", "task", Outcome.COMPLETED, 0.0, num_steps=TURNS))
        commit(dataset)


def fill_small(dataset: Path, num_parts: int) -> None:
    """Commit episodes of one short step one by one, as a slow run does."""
    for index in range(num_parts):
        with EpisodeJournal(dataset, f"e{index}") as file:
            file.add_step(Step(f"e{index}", 0, {"instruction": "go"}, "done", 0.0, {}, True, False), [])
            file.finish(Episode(f"e{index}", "run", "task", Outcome.COMPLETED, 0.0, num_steps=1))
        commit(dataset)


def cpu_ms_a_part(dataset: Path) -> float:
    started = time.process_time()
    done = compact(dataset)
    return round((time.process_time() - started) * 1000 / done.parts_before, 2)


def bare(dataset: Path, into: Path) -> None:
    for table in TABLES:
        parts = sorted((dataset / table).glob("*.parquet"))
        rows = pa.concat_tables([pq.ParquetFile(part).read() for part in parts], promote_options="permissive")
        pq.write_table(rows, into / f"{table}.parquet", compression="zstd", compression_level=3)


def main() -> None:
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        original = Path(folder) / "original"
        fill(original)
        for run in range(RUNS):
            copy, into = Path(folder) / f"copy{run}", Path(folder) / f"into{run}"
            shutil.copytree(original, copy)
            into.mkdir()
            started = time.perf_counter()
            bare(copy, into)
            theirs.append(time.perf_counter() - started)
            started = time.perf_counter()
            done = compact(copy)
            ours.append(time.perf_counter() - started)
        counts = {}
        for num_parts in (FEW, MANY):
            fill_small(Path(folder) / str(num_parts), num_parts)
            counts[f"cpu_ms_a_part_of_{num_parts}"] = cpu_ms_a_part(Path(folder) / str(num_parts))
    seconds = statistics.median(ours)
    print(
        json.dumps(
            {
                "benchmark": "dataset_compaction",
                "parts_before": done.parts_before,
                "parts_after": done.parts_after,
                "mib_before": round(done.bytes_before / (1 << 20), 2),
                "mib_after": round(done.bytes_after / (1 << 20), 2),
                "episodes_per_s": round(PARTS / seconds, 1),
                "mib_per_s": round(done.bytes_before / (1 << 20) / seconds, 1),
                "bare_pyarrow_episodes_per_s": round(PARTS / statistics.median(theirs), 1),
                "ratio_to_bare_pyarrow": round(statistics.median(theirs) / seconds, 2),
                **counts,
            }
        )
    )


if __name__ == "__main__":
    main()
