from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from trajectory_values import journal, record_of

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import Dataset, commit, load_dataset, parquet
from claudebox_rl.trajectory.reading import file

NAMES = [f"{task}-{index}" for task in ("fix", "log", "sum") for index in range(4)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A part a task, with an episode a row group; `NAMES[i]` has i steps."""
    folder = tmp_path_factory.mktemp("dataset")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_ROW_GROUP_BYTES", 1)
        for start in range(0, len(NAMES), 4):
            for index in range(start, start + 4):
                journal(folder, record_of(NAMES[index], num_steps=index))
            commit(folder)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "dataset")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, Any]]:
    """What is read: table, row group, columns."""
    seen: list[tuple[str, int, Any]] = []
    read = file.PartFile.read

    def listed(self: file.PartFile, group: int, columns: Any) -> Any:
        seen.append((Path(self._where).parent.name, group, columns))
        return read(self, group, columns)

    monkeypatch.setattr(file.PartFile, "read", listed)
    return seen


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"episode_id": "fix-1"}, ["fix-1"]),
        ({"episode_id": "*-3", "min_num_steps": 4}, ["log-3", "sum-3"]),
        ({"episode_id": ["fix-?", "sum-0"], "max_num_steps": 1}, ["fix-0", "fix-1"]),
        ({"num_steps": {2, 5}, "outcome": "completed", "valid_for_training": True}, ["fix-2", "log-1"]),
        ({"min_return": 0.5}, []),
        ({"max_return": 0.5, "num_steps": [11]}, ["sum-3"]),
        ({"group_id": None}, []),
        ({"group_id": ["g", None], "num_steps": 0}, ["fix-0"]),
        ((pc.field("num_steps") > 9) & (pc.field("seed") == 2**62), ["sum-2", "sum-3"]),
    ],
)
def test_conditions_choose_episodes(folder: Path, where: Any, expected: list[str]) -> None:
    dataset = load_dataset(folder, where)
    assert len(dataset) == len(expected)
    assert list(dataset.episode_ids) == expected
    assert list(dataset) == [record_of(name, num_steps=NAMES.index(name)) for name in expected]
    assert [episode.episode_id for episode in dataset.summaries()] == expected
    assert set(dataset.steps["episode_id"].to_pylist()) == {name for name in expected if name != "fix-0"}
    assert dataset.columns("steps", ["reward"]).num_rows == sum(map(NAMES.index, expected))


def test_conditions_add_up(folder: Path) -> None:
    dataset = load_dataset(folder, min_num_steps=3).filter(pc.field("num_steps") < 9).filter(episode_id="*-0")
    assert dataset.episode_ids == ("log-0", "sum-0")
    assert dataset["log"].episode.episode_id == "log-0"
    with pytest.raises(TrajectoryError, match="no episode starts with 'fix-0'"):
        dataset["fix-0"]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"colour": 1}, r"no column 'colour'.*episode_id, run_id"),
        ({"min_colour": 1}, "no column 'min_colour'"),
        ({"num_steps": "two"}, "num_steps='two' does not fit a column of int64"),
        ({"min_num_steps": None}, "no end of a range"),
        (3, "neither a mapping nor"),
    ],
)
def test_bad_conditions_are_refused_before_anything_is_read(folder: Path, where: Any, message: str) -> None:
    with pytest.raises(TrajectoryError, match=message):
        load_dataset(folder, where)


def test_an_expression_of_no_column_is_refused(folder: Path) -> None:
    with pytest.raises(TrajectoryError, match=r"can't filter episodes: .*colour"):
        list(load_dataset(folder, pc.field("colour") == 1))


def test_opening_reads_nothing(folder: Path) -> None:
    for path in folder.glob("*/*.parquet"):
        path.write_bytes(b"no parquet")
    dataset = load_dataset(folder, outcome="completed").select(steps=["reward"])
    with pytest.raises(TrajectoryError, match="can't read"):
        len(dataset)


def test_only_row_groups_and_columns_that_matter_are_read(folder: Path, reads: list[tuple[str, int, Any]]) -> None:
    dataset = load_dataset(folder, episode_id="log-1").select(steps=["action"], model_calls=[])
    batch = next(dataset.batches())
    assert batch.steps.column_names == ["action"]
    assert batch.model_calls.num_rows == 0
    assert reads == [
        ("episodes", 1, ["episode_id"]),
        ("episodes", 1, None),
        *(("steps", group, ["action", "episode_id"]) for group in range(4, 9)),
    ]
    reads.clear()
    assert load_dataset(folder)["sum-0"].episode.num_steps == 8
    assert [(name, group) for name, group, _ in reads if name in ("episodes", "steps")] == [
        ("episodes", 0), *(("steps", group) for group in range(8))
    ]  # fmt: skip


def test_chosen_columns_are_all_that_tables_have(folder: Path) -> None:
    dataset = load_dataset(folder, columns={"steps": ["reward", "step_index"], "model_calls": ["call_id"]})
    assert dataset.steps.column_names == ["reward", "step_index"]
    assert dataset.model_calls.column_names == ["call_id"]
    with pytest.raises(TrajectoryError, match=r"need the columns episode_id, observation, .* of steps"):
        list(dataset)
    with pytest.raises(TrajectoryError, match="no column sequence in steps; columns: episode_id"):
        dataset.select(steps=["sequence"])
    (record,) = load_dataset(folder, {"episode_id": "fix-2"}, {"model_calls": []})
    assert (record.steps, record.model_calls) == (record_of("fix-2", num_steps=2).steps, ())


def test_batches_are_no_larger_than_asked(folder: Path) -> None:
    batches = [(len(batch), batch.steps.num_rows, list(batch)) for batch in load_dataset(folder).batches(size=1)]
    assert [(size, rows) for size, rows, _ in batches] == [(1, index) for index in range(12)]
    assert [record for _, _, records in batches for record in records] == list(load_dataset(folder))


def test_a_part_may_be_read_alone(folder: Path) -> None:
    dataset = load_dataset(folder, min_num_steps=6)
    parts = [[name for batch in dataset.part(i) for name in batch.episode_ids] for i in range(dataset.num_parts)]
    assert parts == [[], NAMES[6:8], NAMES[8:]]


def test_a_condition_on_a_column_that_an_older_part_lacks(folder: Path) -> None:
    path = sorted((folder / "episodes").glob("*.parquet"))[0]
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["num_turns"]), path)
    assert load_dataset(folder, num_turns=7).episode_ids == tuple(NAMES[4:])
    assert load_dataset(folder, num_turns=None).episode_ids == tuple(NAMES[:4])
    assert load_dataset(folder, pc.field("num_turns").is_null()).episode_ids == tuple(NAMES[:4])


def test_parents_are_found_beyond_a_filter(folder: Path) -> None:
    with pytest.raises(TrajectoryError, match="branched off from p, which is not in"):
        load_dataset(folder, episode_id="fix-1").whole("fix-1")


def large(folder: Path, num_episodes: int) -> Dataset:
    """Episodes of 40 kB, all in one part of many row groups."""
    for name in ("episodes", "steps", "model_calls"):
        (folder / name).mkdir(parents=True)
    record = record_of("e", num_steps=1, text="")
    journal(folder / "one", record)
    commit(folder / "one")
    one = load_dataset(folder / "one")
    for name, table in {"model_calls": one.model_calls, "steps": one.steps, "episodes": one.episodes}.items():
        with pq.ParquetWriter(folder / name / "part-1.parquet", table.schema) as writer:
            for start in range(0, num_episodes, 50):
                writer.write_table(pa.concat_tables(_named(table, f"e{i:05}") for i in range(start, start + 50)))
    return load_dataset(folder)


def _named(table: pa.Table, name: str) -> pa.Table:
    columns = {"episode_id": [name] * table.num_rows}
    if "action" in table.column_names:
        columns["action"] = [name * 6_000] * table.num_rows
    for column, values in columns.items():
        index = table.column_names.index(column)
        table = table.set_column(index, column, pa.array(values, table.schema.field(column).type))
    return table


def test_a_scan_holds_a_bit_of_a_dataset_at_a_time(tmp_path: Path) -> None:
    dataset = large(tmp_path, 2_000)
    script = """
import sys, pyarrow as pa
from claudebox_rl.trajectory import load_dataset
most = count = size = 0
for batch in load_dataset(sys.argv[1]).batches(50):
    for record in batch:
        count, size = count + 1, size + len(record.steps[0].action)
    most = max(most, pa.total_allocated_bytes())
print(count, size, most)
"""
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    count, size, most = map(int, done.stdout.split())
    assert (count, size) == (len(dataset), 2_000 * 6_000 * 6)
    assert most < size / 5
