"""Overrides as columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
from trajectory_values import journal, record_of

from claudebox_rl.trajectory import commit, load_dataset
from claudebox_rl.trajectory.sheet import write_sheet


def test_what_was_overridden_are_columns(tmp_path: Path) -> None:
    given = {
        "a": ("model=oracle", "agent.max_turns=5", "+policy.options.rate=0.5", "agent.timeout_s=null", "seed=1"),
        "b": ("model=nop", "agent.max_turns=10", "+policy.options.rate=1", "skills=[aws]", "out=a=b"),
    }
    for name, overrides in given.items():
        record = record_of(name)
        journal(tmp_path, replace(record, episode=replace(record.episode, overrides=overrides)))
    commit(tmp_path)
    episodes = load_dataset(tmp_path).with_overrides
    columns = [name for name in episodes.column_names if name.startswith("overrides.")]
    rows = {row["episode_id"]: [row[name] for name in columns] for row in episodes.to_pylist()}
    assert columns == [
        "overrides.model",
        "overrides.agent.max_turns",
        "overrides.policy.options.rate",
        "overrides.agent.timeout_s",
        "overrides.seed",
        "overrides.skills",
        "overrides.out",
    ]
    assert rows == {
        "a": ["oracle", 5, 0.5, None, 1, None, None],
        "b": ["nop", 10, 1.0, None, None, "[aws]", "a=b"],
    }


def test_without_overrides_there_are_no_columns(tmp_path: Path) -> None:
    record = record_of("a")
    journal(tmp_path, replace(record, episode=replace(record.episode, overrides=())))
    commit(tmp_path)
    dataset = load_dataset(tmp_path)
    assert dataset.with_overrides.column_names == dataset.episodes.column_names


def test_a_sheet_has_its_types(tmp_path: Path) -> None:
    rows = [{"name": "a", "overrides.seed": "1", "mean": None}, {"name": "b", "overrides.seed": "2", "mean": 0.5}]
    write_sheet(rows, tmp_path / "sheet.parquet")
    read = duckdb.sql(f"select * from '{tmp_path}/sheet.parquet'").fetchall()
    assert read == [("a", 1, None), ("b", 2, 0.5)]
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.parquet"]
