"""The table of rewards that were computed anew: joined on read, the newest row of an episode counts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from trajectory_values import journal, record_of

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import commit, load_dataset
from claudebox_rl.trajectory.rescores import SCHEMA, Rescore, done, read_rescores, write_rescores

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


def test_only_results_without_an_error_are_done(dataset: Path) -> None:
    failed = replace(ONE, episode_id="two", error_type="VerifierError", episode_return=None, reason="it broke")
    write_rescores(dataset, [])
    write_rescores(dataset, [ONE, failed, replace(ONE, rescore_id="rescore-2", episode_id="two")])
    assert done(read_rescores(load_dataset(dataset).storage), "rescore-1") == {"one": "ab"}


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
