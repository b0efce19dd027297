"""The table of rewards that were computed anew: joined on read, the newest row of an episode counts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from trajectory_values import journal, record_of

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import commit, load_dataset, parquet, rescores, storage_of
from claudebox_rl.trajectory._storage import Storage
from claudebox_rl.trajectory.rescores import SCHEMA, Rescore, done, write_rescores

ONE = Rescore(
    "rescore-1", "new", "one", 1.5, {"verifier": 1.0, "x": 0.5}, None, None, "anew", 1.0, {"reward": 1.0},
    "ok\ud800", 0, 0.25, "ab", "{}", "0.1", 10.0,
)  # fmt: skip


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        journal(tmp_path, record_of(name))
    commit(tmp_path)
    return tmp_path


def test_rows_are_joined_and_the_newest_counts(dataset: Path) -> None:
    write_rescores(dataset, [replace(ONE, at=11.0, episode_return=2.5), replace(ONE, name="other", episode_return=9.0)])
    write_rescores(dataset, [ONE])
    table = load_dataset(dataset).rescored("new")
    assert table["rescored.new.episode_return"].to_pylist() == [2.5, None]
    assert table["rescored.new.rewards"].to_pylist()[0] == [
        {"name": "verifier", "value": 1.0},
        {"name": "x", "value": 0.5},
    ]
    assert table["rescored.new.verifier_output"].to_pylist()[0] == "ok\ufffd"
    assert table.num_columns == load_dataset(dataset).episodes.num_columns + len(SCHEMA) - 2
    with pytest.raises(TrajectoryError, match="there is: new, other"):
        load_dataset(dataset).rescored("none")


def test_results_are_read_by_the_parts_that_a_batch_needs(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal(dataset, record_of("three"))
    commit(dataset)
    for at, name in enumerate(("one", "two", "one", "other")):
        write_rescores(dataset, [replace(ONE, episode_id=name, at=float(at), episode_return=float(at))])
    whole = load_dataset(dataset).rescored("new")
    assert whole["rescored.new.episode_return"].to_pylist() == [2.0, 1.0, None]
    read: list[str] = []

    def counted(storage: Storage, part: str, *args: Any, **kwargs: Any) -> Any:
        if "columns" not in kwargs and part.startswith("rescores"):
            read.append(part)
        return parquet.read(storage, part, *args, **kwargs)

    monkeypatch.setattr(rescores, "parquet", SimpleNamespace(read=counted))
    found = list(load_dataset(dataset).rescored_batches("new", 1))
    assert [each["rescored.new.episode_return"].to_pylist() for each in found] == [[2.0], [1.0], [None]]
    assert (len(read), len(set(read))) == (2, 2), "a part whose results are older, or of others, is left in its file"
    slim = load_dataset(dataset).select(episodes=["task_id"]).filter(episode_id="two").rescored("new")
    assert slim.column_names[0] == "task_id"
    assert slim["rescored.new.episode_return"].to_pylist() == [1.0]
    assert load_dataset(dataset, episode_id="none").rescored("new").num_rows == 0


def test_only_results_without_an_error_are_done(dataset: Path) -> None:
    failed = replace(ONE, episode_id="two", error_type="VerifierError", episode_return=None, reason="it broke")
    write_rescores(dataset, [])
    write_rescores(dataset, [ONE, failed, replace(ONE, rescore_id="rescore-2", episode_id="two")])
    assert done(storage_of(dataset), "rescore-1") == {"one": "ab"}


def test_a_damaged_part_is_named(dataset: Path) -> None:
    write_rescores(dataset, [ONE])
    (part,) = (dataset / "rescores").iterdir()
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(TrajectoryError, match=part.name):
        load_dataset(dataset).rescored("new")


def test_the_manual_tells_of_each_column_in_order() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "rescoring.md").read_text()
    told = re.findall(r"^\| `([\w.]+)` \| ([^|]+) \|", manual, re.MULTILINE)
    assert [column for column, _ in told] == SCHEMA.names
