from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from trajectory_values import journal, record_of

from claudebox_rl.errors import SchemaVersionError, TrajectoryError
from claudebox_rl.trajectory import commit, load_dataset, parquet

TABLES = ("episodes", "steps", "model_calls", "texts")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two parts: fix-bug-0 and fix-bug-1, then parse-log-0."""
    for names in (("fix-bug-0", "fix-bug-1"), ("parse-log-0",)):
        for name in names:
            journal(tmp_path, record_of(name))
        commit(tmp_path)
    return tmp_path


def part(folder: Path, table: str) -> Path:
    return sorted((folder / table).glob("*.parquet"))[0]


def test_tables_and_values(folder: Path) -> None:
    dataset = load_dataset(str(folder))
    assert len(dataset) == dataset.episodes.num_rows == 3
    assert (dataset.steps.num_rows, dataset.model_calls.num_rows) == (9, 21)
    assert [type(table) for table in (dataset.episodes, dataset.steps)] == [pa.Table] * 2
    records = [record_of(name) for name in ("fix-bug-0", "fix-bug-1", "parse-log-0")]
    assert list(dataset) == records
    assert list(dataset.summaries()) == [record.episode for record in records]


def test_an_episode_by_the_beginning_of_its_id(folder: Path) -> None:
    dataset = load_dataset(folder)
    assert dataset["parse"] == dataset["parse-log-0"] == record_of("parse-log-0")
    with pytest.raises(TrajectoryError, match=r"2 episodes start with 'fix'.*: fix-bug-0, fix-bug-1$"):
        dataset["fix"]
    with pytest.raises(
        TrajectoryError, match=r"no episode starts with 'x'.*fix-bug-0, fix-bug-1, parse-log-0"
    ) as caught:
        dataset["x"]
    assert caught.value.context["candidates"] == ["fix-bug-0", "fix-bug-1", "parse-log-0"]


def test_a_whole_id_wins_over_a_beginning(folder: Path) -> None:
    journal(folder, record_of("fix-bug-0-attempt2"))
    commit(folder)
    assert load_dataset(folder)["fix-bug-0"] == record_of("fix-bug-0")


def test_one_episode_is_read_from_many_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_ROW_GROUP_BYTES", 1)
    records = [record_of(f"e{i}") for i in range(4)]
    for record in records:
        journal(tmp_path, record)
    commit(tmp_path)
    assert pq.ParquetFile(part(tmp_path, "steps")).num_row_groups == 12
    assert [load_dataset(tmp_path)[f"e{i}"] for i in range(4)] == records


@pytest.mark.parametrize("name", ["none", "empty"])
def test_no_dataset(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty" / "episodes").mkdir(parents=True)
    with pytest.raises(TrajectoryError, match=f"no dataset at .*{name}: looked for .*episodes"):
        load_dataset(tmp_path / name)


def test_what_waits_for_its_commit_is_told(tmp_path: Path) -> None:
    journal(tmp_path, record_of("e"))
    with pytest.raises(TrajectoryError, match=r"1 journals in .* are not committed"):
        load_dataset(tmp_path)


def test_a_damaged_part_is_named(folder: Path) -> None:
    steps = part(folder, "steps")
    steps.write_bytes(steps.read_bytes()[:-10])
    with pytest.raises(TrajectoryError, match=f"can't read {steps}"):
        _ = load_dataset(folder).steps


@pytest.mark.parametrize(
    ("column", "value"), [("outcome", "won"), ("config", "{"), ("overrides", None)], ids=["outcome", "json", "null"]
)
def test_a_damaged_row_is_named(folder: Path, column: str, value: str | None) -> None:
    path = part(folder, "episodes")
    table = pq.ParquetFile(path).read()
    index = table.column_names.index(column)
    values = pa.array([value] * table.num_rows, table.schema.field(column).type)
    pq.write_table(table.set_column(index, table.schema.field(column), values), path)
    with pytest.raises(TrajectoryError, match="'fix-bug-0' is damaged"):
        list(load_dataset(folder))


def test_unfinished_files_are_not_seen(folder: Path) -> None:
    for name in TABLES:
        (folder / name / ".part-0.parquet.inprogress").write_bytes(b"half")
        (folder / name / "._part-0.parquet").write_bytes(b"another system's attributes")
    assert len(list(load_dataset(folder))) == 3
    pattern = f"{folder}/steps/part-*.parquet"
    assert duckdb.sql(f"select count(*) from read_parquet('{pattern}')").fetchall() == [(9,)]


def test_rows_of_a_commit_that_goes_on_are_not_seen(folder: Path) -> None:
    part(folder, "episodes").rename(folder / "held-back")
    dataset = load_dataset(folder)
    assert dataset.episode_ids == ("parse-log-0",)
    assert (dataset.steps.num_rows, dataset.model_calls.num_rows) == (3, 7)
    assert list(dataset) == [record_of("parse-log-0")]


def test_parts_of_newer_and_older_writers_are_read_together(folder: Path) -> None:
    newer, older = sorted((folder / "episodes").glob("*.parquet"))
    table = pq.ParquetFile(newer).read()
    pq.write_table(table.append_column("colour", pa.array(["red"] * table.num_rows)), newer)
    pq.write_table(pq.ParquetFile(older).read().drop_columns(["num_turns", "workspace_diff"]), older)
    dataset = load_dataset(folder)
    assert dataset.episodes["colour"].to_pylist() == ["red", "red", None]
    assert dataset.episodes["num_turns"].to_pylist() == [7, 7, None]
    *_, last = dataset
    assert (last.episode.num_turns, last.episode.workspace_diff) == (0, None)


def test_a_field_that_tool_calls_gain_is_read(folder: Path) -> None:
    path = part(folder, "steps")
    table = pq.ParquetFile(path).read()
    calls = [[{**call, "bytes": 1} for call in row] for row in table["tool_calls"].to_pylist()]
    kind = pa.list_(pa.struct([*table.schema.field("tool_calls").type.value_type, ("bytes", pa.int64())]))
    index = table.column_names.index("tool_calls")
    pq.write_table(table.set_column(index, "tool_calls", pa.array(calls, kind)), path)
    assert list(load_dataset(folder)) == [record_of(name) for name in ("fix-bug-0", "fix-bug-1", "parse-log-0")]


@pytest.mark.parametrize("name", TABLES[:3])
def test_a_newer_schema_is_refused(folder: Path, name: str) -> None:
    path = part(folder, name)
    table = pq.ParquetFile(path).read()
    pq.write_table(table.replace_schema_metadata({"claudebox_rl.schema_version": "4"}), path)
    with pytest.raises(SchemaVersionError, match="schema version 4, newer than 3: upgrade"):
        list(load_dataset(folder))


def test_parts_that_another_tool_rewrote_are_read(folder: Path) -> None:
    for name in TABLES:
        rewritten = folder / name / "all.parquet"
        files = sorted((folder / name).glob("part-*.parquet"))
        duckdb.sql(
            f"copy (from read_parquet('{folder}/{name}/part-*.parquet') order by episode_id desc) to '{rewritten}'"
        )
        for file in files:
            file.unlink()
    found = {record.episode.episode_id: record for record in load_dataset(folder)}
    assert found.keys() == {"fix-bug-0", "fix-bug-1", "parse-log-0"}
    assert all(record.steps == record_of(name).steps for name, record in found.items())
    assert load_dataset(folder)["parse"].episode == record_of("parse-log-0").episode


def test_the_files_are_as_promised(folder: Path) -> None:
    journal(folder, record_of("long", text="x" * 1000))
    commit(folder)
    for name in TABLES:
        file = pq.ParquetFile(sorted((folder / name).glob("*.parquet"))[-1])
        assert file.metadata.metadata[b"claudebox_rl.schema_version"] == b"3"
        column = file.metadata.row_group(0).column(0)
        assert (column.compression, column.has_column_index, column.has_offset_index) == ("ZSTD", True, True)


def test_duckdb_opens_it(folder: Path) -> None:
    value = duckdb.sql(
        f"""
        select episode_id, count(*), sum(reward),
               any_value(list_filter(e.rewards, lambda x: x.name = 'verifier')[1].value),
               max(len(tool_calls)), max(s.observation::json ->> '$.facts[1]')
        from read_parquet('{folder}/episodes/*.parquet') e join read_parquet('{folder}/steps/*.parquet') s
        using (episode_id) where valid_for_training group by all order by all
        """
    ).fetchall()
    assert value == [(name, 3, pytest.approx(3.3), 0.1, 2, "1.5") for name in ("fix-bug-0", "fix-bug-1", "parse-log-0")]
    rows = duckdb.sql(f"from read_parquet('{folder}/model_calls/*.parquet') where step_index is null").fetchall()
    assert len(rows) == 3


def test_pandas_opens_it(folder: Path) -> None:
    episodes = pd.read_parquet(folder / "episodes")
    steps = pd.read_parquet(folder / "steps")
    assert list(episodes["episode_id"]) == ["fix-bug-0", "fix-bug-1", "parse-log-0"]
    assert episodes["rewards"][0][0] == {"name": "verifier", "value": 0.1}
    assert json.loads(steps["tool_calls"][1][0]["input"])["n"] == [1, 2.5, None, True]
    calls = pd.read_parquet(folder / "model_calls")
    assert calls.merge(steps, on=["episode_id", "step_index"]).shape[0] == 18


def test_recording_loads_no_pyarrow_and_reading_no_more_than_it_needs(folder: Path) -> None:
    script = """
import sys
from pathlib import Path
import claudebox_rl.trajectory as t
with t.EpisodeJournal(Path(sys.argv[1]), "new") as file:
    file.add_start({})
t.recover(Path(sys.argv[1])); t.commit(Path(sys.argv[1]))
assert "pyarrow" not in sys.modules
assert len(list(t.load_dataset(sys.argv[1]))) == 3
t.load_dataset(sys.argv[1])["parse"]
assert not {"pyarrow.dataset", "pandas", "ray"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script, folder], check=True, cwd=Path(__file__).parents[2])
