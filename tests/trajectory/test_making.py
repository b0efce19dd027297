"""Datasets made of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from trajectory_values import UNICODE, journal, record_of

from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.trajectory import EpisodeRecord, commit, load_dataset, storage_of
from claudebox_rl.trajectory.upkeep import compact, filter_episodes, merge, split, stats, verify
from claudebox_rl.trajectory.upkeep.making import side
from claudebox_rl.trajectory.workspace.blobs import blob_name
from claudebox_rl.types import Outcome


def filled(dataset: str | Path, *records: EpisodeRecord) -> list[EpisodeRecord]:
    for record in records:
        journal(dataset, record)
    commit(dataset)
    return list(records)


def of(episode_id: str, **facts: object) -> EpisodeRecord:
    record = record_of(episode_id, text=UNICODE * 12)
    return replace(record, episode=replace(record.episode, **facts))  # type: ignore[arg-type]


def conversation(episode_id: str, *texts: str) -> EpisodeRecord:
    """An episode that was told long texts, in a message each, and in the output of a tool."""
    record = of(episode_id, task_id=episode_id)
    messages = [{"role": "user", "content": [{"type": "text", "text": text * 100}]} for text in texts]
    call = replace(record.model_calls[0], request={"messages": messages})
    tool = replace(record.steps[1].tool_calls[0], output=texts[-1] * 100, input={"all": [messages] * 2})
    steps = (record.steps[0], replace(record.steps[1], tool_calls=(tool,)), *record.steps[2:])
    return replace(record, steps=steps, model_calls=(call, *record.model_calls[1:]))


def everything_of(dataset: Path) -> str:
    """All that the Parquet files hold, decompressed: values, statistics of row groups, metadata."""
    found: list[str] = []
    for path in sorted(dataset.rglob("*.parquet")):
        with pq.ParquetFile(path) as file:
            found += [str(file.read().to_pylist()), str(file.metadata.metadata)]
            groups = [file.metadata.row_group(index) for index in range(file.num_row_groups)]
            found += [str(group.column(index).statistics) for group in groups for index in range(group.num_columns)]
    assert found
    return "".join(found)


def test_texts_of_episodes_that_are_left_out_stay_where_they_are(tmp_path: Path) -> None:
    source = tmp_path / "source"
    records = {
        "kept-1": conversation("kept-1", "for-all", "for-kept"),
        "kept-2": conversation("kept-2", "for-all", "for-kept", "for-kept-2"),
        "lost-1": conversation("lost-1", "for-all", "SENTINEL-shared"),
        "lost-2": conversation("lost-2", "for-all", "SENTINEL-shared", "SENTINEL-own"),
    }
    filled(source, *records.values())
    compact(source)
    assert "SENTINEL-own" in everything_of(source)
    tables = [path.name for path in source.glob("texts/*")]
    assert len(tables) == 1, "all of them share a part"
    filter_episodes(source, tmp_path / "filtered", task="kept-*")
    sides = split(source, tmp_path / "sides", {"a": 0.5, "b": 0.5}, seed=seed_that_parts(records))
    assert set(sides.values()) == {2}
    merge([tmp_path / "filtered", tmp_path / "sides" / "a"], tmp_path / "merged")
    for dataset in (tmp_path / "filtered", tmp_path / "merged", *(tmp_path / "sides" / name for name in "ab")):
        kept = set(load_dataset(dataset).episode_ids)
        assert ("SENTINEL" in everything_of(dataset)) == any(name.startswith("lost") for name in kept), dataset
        assert by_id(dataset) == [records[name] for name in sorted(kept)]
        assert [finding for finding in verify(dataset) if finding.where.startswith("texts")] == []
    texts = load_dataset(tmp_path / "filtered").columns("texts", ["episode_id", "text"]).to_pylist()
    users = {mark: {row["episode_id"] for row in texts if mark in row["text"]} for mark in ("for-all", "for-kept-2")}
    assert users == {"for-all": {None}, "for-kept-2": {"kept-2"}}


def seed_that_parts(records: Mapping[str, EpisodeRecord]) -> int:
    """Return a seed by which the tasks that are kept and those that are lost part."""
    shares = {"a": 0.5, "b": 0.5}
    sides = ({name: side(name, shares, seed) for name in records} for seed in range(1000))
    return next(
        seed
        for seed, found in enumerate(sides)
        if found == {name: "a" if name.startswith("kept") else "b" for name in records}
    )


def by_id(dataset: str | Path) -> list[EpisodeRecord]:
    return sorted(load_dataset(dataset), key=lambda record: record.episode.episode_id)


def test_merged_datasets_hold_all_episodes_and_their_runs(tmp_path: Path) -> None:
    one, other, into = tmp_path / "one", tmp_path / "other", tmp_path / "into"
    expected = filled(one, of("a"), of("b")) + filled(other, of("c", run_id="second"))
    storage_of(one).write("runs/run.json", b"{}")
    before = sorted(path.read_bytes() for path in one.rglob("*.parquet"))
    assert merge([one, other], into) == 3
    assert by_id(into) == expected
    assert len(storage_of(into).names("episodes")) == 1
    assert storage_of(into).read("runs/run.json") == b"{}"
    assert sorted(path.read_bytes() for path in one.rglob("*.parquet")) == before
    assert merge([one, other], into) == 0, "what was killed is gone on with"
    assert by_id(into) == expected


def test_doubled_episodes_are_refused_unless_they_are_equal(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    filled(one, of("a", episode_return=float("nan")))
    filled(other, of("a", episode_return=float("nan")), of("b"))
    assert merge([one, other], tmp_path / "equal") == 2
    filled(tmp_path / "third", of("a", episode_return=0.5))
    with pytest.raises(TrajectoryError, match=r"'a' is in .*one and in .*third, and they differ"):
        merge([one, tmp_path / "third"], tmp_path / "different")
    assert not storage_of(tmp_path / "different").names("episodes")


def test_a_source_is_never_the_target(tmp_path: Path) -> None:
    filled(tmp_path, of("a"))
    with pytest.raises(ConfigError, match="a source itself"):
        merge([tmp_path], f"file://{tmp_path}")


def test_a_task_is_on_one_side_and_stays_there(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    tasks = [f"t{index}" for index in range(12)]
    filled(few, *(of(f"{task}-{n}", task_id=task) for task in tasks[:6] for n in range(2)))
    filled(many, *(of(f"{task}-{n}", task_id=task) for task in tasks for n in range(2)))
    shares = {"train": 0.5, "test": 0.5}
    counts = split(few, tmp_path / "of-few", shares, seed=1)
    assert sum(counts.values()) == 12
    assert min(counts.values()) > 0
    split(many, tmp_path / "of-many", shares, seed=1)
    sides = {name: {e.task_id for e in load_dataset(tmp_path / "of-few" / name).summaries()} for name in shares}
    later = {name: {e.task_id for e in load_dataset(tmp_path / "of-many" / name).summaries()} for name in shares}
    assert not sides["train"] & sides["test"]
    assert all(sides[name] <= later[name] for name in shares)
    for name in shares:
        for record in load_dataset(tmp_path / "of-few" / name):
            assert record == load_dataset(few)[record.episode.episode_id]


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"../a": 1.0}])
def test_bad_shares(tmp_path: Path, shares: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        split(tmp_path, tmp_path / "into", shares)


def test_filters(tmp_path: Path) -> None:
    source = tmp_path / "source"
    filled(
        source,
        of("good", task_id="suite/a", episode_return=1.0),
        of("poor", task_id="suite/b", episode_return=0.0, group_id="h"),
        of("lost", task_id="other/c", episode_return=None, outcome=Outcome.INFRA_ERROR, run_id="r"),
    )
    conditions = {
        "outcome": ({"outcome": "infra_error"}, {"lost"}),
        "task": ({"task": "suite/*"}, {"good", "poor"}),
        "valid": ({"valid_for_training": True}, {"good", "poor"}),
        "return": ({"min_return": 0.5}, {"good"}),
        "run": ({"run_id": "r"}, {"lost"}),
        "group": ({"group_id": "h"}, {"poor"}),
        "where": ({"where": pc.field("num_steps") == 3, "min_return": 0.0}, {"good", "poor"}),
    }
    for name, (condition, expected) in conditions.items():
        into = tmp_path / name
        assert filter_episodes(source, into, **condition) == len(expected), name  # type: ignore[arg-type]
        assert set(load_dataset(into).episode_ids) == expected
        assert load_dataset(into).steps.num_rows == 3 * len(expected)
    assert filter_episodes(source, tmp_path / "none", task="nothing") == 0
    with pytest.raises(ConfigError, match="none of completed"):
        filter_episodes(source, tmp_path / "none", outcome="won")


def test_contents_of_workspaces_travel(tmp_path: Path) -> None:
    from claudebox_rl.trajectory.workspace.blobs import put_blobs

    source = tmp_path / "source"
    filled(source, of("a"))
    shas = [file.sha256 for file in of("a").episode.workspace_files or () if file.sha256]
    put_blobs(source, dict.fromkeys(shas, b"content"))
    merge([source], tmp_path / "into")
    assert all(storage_of(tmp_path / "into").has(blob_name(sha)) for sha in shas)


def test_numbers(tmp_path: Path) -> None:
    filled(tmp_path, of("a", episode_return=1.0, task_id="t"), of("b", episode_return=0.0, task_id="u"))
    found = stats(tmp_path)
    assert (found.total.num_episodes, found.total.return_mean, found.total.return_std) == (2, 0.5, 0.5)
    assert (found.total.num_steps, found.total.input_tokens) == (6, 20)
    assert found.tasks["t"].outcomes == {"completed": 1}
    assert sum(found.table_bytes.values()) == sum(found.part_bytes) > 0
