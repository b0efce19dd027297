"""Datasets of many small episodes, written as Arrow parts: what a rollout would take hours to play."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from claudebox_rl.trajectory import EpisodeJournal, commit, load_dataset, parquet
from claudebox_rl.types import Episode, ModelCall, Outcome, Step

NUM_STEPS = 4


def write_dataset(folder: Path, num_episodes: int, num_parts: int) -> list[str]:
    """Write it, and return the ids of its episodes."""
    _write_one(folder / "one")
    one = load_dataset(folder / "one")
    tables = {"texts": one.columns("texts", ["episode_id", "text_id", "text"])}
    tables |= {"model_calls": one.model_calls, "steps": one.steps, "episodes": one.episodes}
    ids = [f"episode-{(index * 2654435761) % 2**32:08x}" for index in range(num_episodes)]
    per_part = num_episodes // num_parts
    for part in range(num_parts):
        own = ids[part * per_part : (part + 1) * per_part]
        for name, table in tables.items():
            (folder / name).mkdir(exist_ok=True)
            with (folder / name / f"part-{part:012x}{part:016x}.parquet").open("wb") as file:
                parquet.write(_repeated(table, own), file)
    return ids


def _write_one(folder: Path) -> None:
    with EpisodeJournal(folder, "e") as file:
        file.add_start({})
        for index in range(NUM_STEPS):
            observation = {"instruction": "fix it", "output": f"line {index}\n" * 60}
            call = ModelCall(
                f"c{index}", "e", {"messages": [{"role": "user", "content": "go on"}]}, {"content": []}, 200
            )
            file.add_step(Step("e", index, observation, "ls -la", 0.25, {}, False, False), (call,))
        file.finish(Episode("e", "run", "task", Outcome.COMPLETED, 1.0, num_steps=NUM_STEPS))
    commit(folder)


def _repeated(table: pa.Table, ids: list[str]) -> pa.Table:
    rows = pa.concat_tables([table] * len(ids)).combine_chunks()
    values = pa.array([name for name in ids for _ in range(table.num_rows)], pa.string())
    return rows.set_column(rows.column_names.index("episode_id"), "episode_id", values)
