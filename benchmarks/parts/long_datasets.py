"""Datasets of many small episodes, written as Arrow parts: what a rollout would take hours to play.

Each step saw an output of some 600 characters that no other step saw, so no text is shared.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from claudebox_rl.trajectory import EpisodeJournal, commit, load_dataset, parquet
from claudebox_rl.trajectory.schema import TEXTS
from claudebox_rl.trajectory.texts import text_id
from claudebox_rl.types import Episode, ModelCall, Outcome, Step

NUM_STEPS = 4
_LINES = 20


def write_dataset(folder: Path, num_episodes: int, num_parts: int, naive: Path | None = None) -> list[str]:
    """Write it, and return the ids of its episodes.

    Args:
        folder: Of the dataset.
        num_episodes: In all.
        num_parts: Of as many each.
        naive: Where `steps` are written as well, a file a part, with texts in their places, by pyarrow's own settings.
    """
    _write_one(folder / "one")
    one = load_dataset(folder / "one")
    ids = [f"episode-{(index * 2654435761) % 2**32:08x}" for index in range(num_episodes)]
    per_part = num_episodes // num_parts
    for part in range(num_parts):
        own = ids[part * per_part : (part + 1) * per_part]
        name = f"part-{part:012x}{part:016x}.parquet"
        outputs = [json.dumps(_output(each, index)) for each in own for index in range(NUM_STEPS)]
        names = [text_id(output) for output in outputs]
        tables = {
            "texts": pa.table([_ids(own, NUM_STEPS), names, pa.array(outputs, pa.large_string())], schema=TEXTS),
            "model_calls": _repeated(one.model_calls, own),
            "steps": _seen(_repeated(one.steps, own), [f'{{"$text":"{each}"}}' for each in names]),
            "episodes": _repeated(one.episodes, own),
        }
        for table, rows in tables.items():
            (folder / table).mkdir(exist_ok=True)
            with (folder / table / name).open("w+b") as file:
                parquet.write(rows, file)
        if naive is not None:
            naive.mkdir(exist_ok=True)
            pq.write_table(_seen(tables["steps"], outputs), naive / name)
    return ids


def _output(episode_id: str, index: int) -> str:
    return "".join(f"{line:4d} {episode_id} step {index}: ok\n" for line in range(_LINES))


def _write_one(folder: Path) -> None:
    with EpisodeJournal(folder, "e") as file:
        file.add_start({})
        for index in range(NUM_STEPS):
            call = ModelCall(
                f"c{index}", "e", {"messages": [{"role": "user", "content": "go on"}]}, {"content": []}, 200
            )
            file.add_step(Step("e", index, {}, "ls -la", 0.25, {}, False, False), (call,))
        file.finish(Episode("e", "run", "task", Outcome.COMPLETED, 1.0, num_steps=NUM_STEPS))
    commit(folder)


def _seen(steps: pa.Table, outputs: list[str]) -> pa.Table:
    values = [f'{{"instruction":"fix it","output":{output}}}' for output in outputs]
    return steps.set_column(steps.column_names.index("observation"), "observation", pa.array(values, pa.large_string()))


def _repeated(table: pa.Table, ids: list[str]) -> pa.Table:
    rows = pa.concat_tables([table] * len(ids)).combine_chunks()
    return rows.set_column(rows.column_names.index("episode_id"), "episode_id", _ids(ids, table.num_rows))


def _ids(ids: list[str], times: int) -> pa.Array:
    return pa.array([name for name in ids for _ in range(times)], pa.string())
