"""Datasets for TRL: supervised, preferences, and answers that are good or bad.

Columns are those of https://huggingface.co/docs/trl/dataset_formats, conversational: `prompt`, `completion` (or
`chosen`, `rejected`; or `completion`, `label`) and `tools`, as JSON text, which TRL reads. Messages are stored as JSON
of Arrow (`arrow.json`), so `datasets` (4.7 or newer) gives each with its own fields and none that are null.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from claudebox_rl.exports.chat import Lesson, UnfitError, as_json, lessons, main_lesson
from claudebox_rl.exports.folder import INVALID, Exported, Row, library, new_folder, valid_records, write_parquet
from claudebox_rl.trajectory import Dataset, EpisodeRecord, Group, training_rows

FILE = "train.parquet"
_Rows = Callable[[Exported], Iterator[Row]]


def export_sft(dataset: Dataset, path: str | Path, *, min_return: float | None = None) -> Exported:
    """Write what the model said, behind what it read: `prompt`, `completion`, `tools`, `episode_id`, `episode_return`.

    Train with `SFTConfig(assistant_only_loss=True)`: a completion goes on to the last answer, with what the tools gave
    between them, which is not to be learned. Each answer is in one completion.

    Args:
        dataset: Where from.
        path: The folder to make; the file in it is `train.parquet`.
        min_return: Only episodes that earned this or more; None: all that are valid for training.

    Raises:
        TrajectoryError: The folder is there, there is nothing to write, or it can't be written.
    """

    def rows(exported: Exported) -> Iterator[Row]:
        for record in valid_records(dataset, exported):
            earned = record.episode.episode_return
            if min_return is not None and (earned is None or earned < min_return):
                exported.left_out[f"with a return below {min_return:g}"] += 1
                continue
            try:
                found = [lesson for row in training_rows(record) for lesson in lessons(row)]
            except UnfitError as error:
                exported.left_out[str(error)] += 1
                continue
            if not found:
                exported.left_out["without an answer of a model"] += 1
                continue
            exported.num_episodes += 1
            yield from (_row(record, lesson) for lesson in found)

    return _write(path, ("prompt", "completion"), {"episode_return": "float64"}, rows)


def export_unpaired(dataset: Dataset, path: str | Path, *, threshold: float = 0.5) -> Exported:
    """Write whole conversations of the main agent with a `label`: whether the episode earned `threshold` or more.

    Columns: `prompt`, `completion`, `label`, `tools`, `episode_id`, `episode_return`.

    Raises:
        TrajectoryError: The folder is there, there is nothing to write, or it can't be written.
    """

    def rows(exported: Exported) -> Iterator[Row]:
        for record in valid_records(dataset, exported):
            lesson, earned = _main(record, exported), record.episode.episode_return
            if lesson is not None and earned is not None:
                exported.num_episodes += 1
                yield {**_row(record, lesson), "label": earned >= threshold}

    return _write(path, ("prompt", "completion"), {"label": "bool_", "episode_return": "float64"}, rows)


def export_preference(dataset: Dataset, path: str | Path) -> Exported:
    """Write a pair a group: the conversation that earned most, `chosen`, and the one that earned least, `rejected`.

    Columns: `prompt`, `chosen`, `rejected`, `tools`, `group_id`, `chosen_episode_id`, `rejected_episode_id`,
    `chosen_return`, `rejected_return`. Groups whose episodes all earned the same have no pair, nor have those whose two
    conversations began with different prompts or tools.

    Raises:
        TrajectoryError: The folder is there, there is nothing to write, or it can't be written.
    """

    def rows(exported: Exported) -> Iterator[Row]:
        for group in dataset.groups():
            pair = _pair(dataset, group, exported)
            if pair is not None:
                exported.num_episodes += 2
                yield pair

    numbers = {"chosen_return": "float64", "rejected_return": "float64"}
    texts = ("group_id", "chosen_episode_id", "rejected_episode_id")
    return _write(path, ("prompt", "chosen", "rejected"), numbers, rows, texts)


def _pair(dataset: Dataset, group: Group, exported: Exported) -> Row | None:
    if group.num_invalid:
        exported.left_out[INVALID] += group.num_invalid
    if group.num_valid < 2 or group.best == group.worst:
        exported.left_out["groups without a better and a worse episode"] += 1
        return None
    best = max(group.returns, key=group.returns.__getitem__)
    worst = min(group.returns, key=group.returns.__getitem__)
    chosen, rejected = (_main(dataset[episode_id], exported) for episode_id in (best, worst))
    if chosen is None or rejected is None:
        return None
    if (chosen.prompt, chosen.tools) != (rejected.prompt, rejected.tools):
        exported.left_out["groups whose conversations begin differently"] += 1
        return None
    return {
        "prompt": as_json(chosen.prompt),
        "chosen": as_json(chosen.completion),
        "rejected": as_json(rejected.completion),
        "tools": json.dumps(chosen.tools, ensure_ascii=False),
        "group_id": group.group_id,
        "chosen_episode_id": best,
        "rejected_episode_id": worst,
        "chosen_return": group.returns[best],
        "rejected_return": group.returns[worst],
    }


def _main(record: EpisodeRecord, exported: Exported) -> Lesson | None:
    try:
        return main_lesson(record)
    except UnfitError as error:
        exported.left_out[str(error)] += 1
        return None


def _row(record: EpisodeRecord, lesson: Lesson) -> Row:
    return {
        "prompt": as_json(lesson.prompt),
        "completion": as_json(lesson.completion),
        "tools": json.dumps(lesson.tools, ensure_ascii=False),
        "episode_id": record.episode.episode_id,
        "episode_return": record.episode.episode_return,
    }


def _write(
    path: str | Path,
    messages: tuple[str, ...],
    numbers: dict[str, str],
    rows: _Rows,
    texts: tuple[str, ...] = ("episode_id",),
) -> Exported:
    arrow = library("pyarrow")
    schema = arrow.schema(
        [
            *((name, arrow.list_(arrow.json_())) for name in messages),
            ("tools", arrow.string()),
            *((name, arrow.string()) for name in texts),
            *((name, getattr(arrow, kind)()) for name, kind in numbers.items()),
        ]
    ).with_metadata({"huggingface": json.dumps({"info": {"features": _features(messages, texts, numbers)}})})
    with new_folder(path) as (folder, exported):
        exported.num_rows = write_parquet(folder / FILE, rows(exported), schema)
    return exported


def _features(messages: tuple[str, ...], texts: tuple[str, ...], numbers: dict[str, str]) -> dict[str, Any]:
    """Return what `datasets` keeps of its features in a Parquet file's metadata."""
    plain = {**dict.fromkeys(("tools", *texts), "string"), **{k: v.removesuffix("_") for k, v in numbers.items()}}
    json_list = {"feature": {"_type": "Json"}, "_type": "List"}
    return {**dict.fromkeys(messages, json_list), **{k: {"dtype": v, "_type": "Value"} for k, v in plain.items()}}
