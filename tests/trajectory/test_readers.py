from __future__ import annotations

import json
import pickle
from pathlib import Path

import pyarrow.compute as pc
import pytest
from trajectory_values import journal, record_of

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import Dataset, commit, load_dataset

IDS = ["a-0", "a-1", "b-0", "b-1", "c-0"]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Three parts."""
    for names in (IDS[:2], IDS[2:4], IDS[4:]):
        for name in names:
            journal(tmp_path, record_of(name, num_steps=IDS.index(name) + 1))
        commit(tmp_path)
    return load_dataset(tmp_path)


def test_arrow_streams_the_whole_table(dataset: Dataset) -> None:
    assert dataset.to_arrow("steps").read_all().equals(dataset.steps)
    assert dataset.to_arrow("model_calls", ["call_id", "request"]).read_all().column_names == ["call_id", "request"]
    assert dataset.to_arrow().read_all().num_rows == 5


def test_pandas(dataset: Dataset) -> None:
    frame = dataset.filter(num_steps=[1, 2]).to_pandas("steps", ["episode_id", "reward"])
    assert list(frame.columns) == ["episode_id", "reward"]
    assert list(frame["episode_id"]) == ["a-0", "a-1", "a-1"]


def test_polars_is_lazy_and_whole(dataset: Dataset) -> None:
    polars = pytest.importorskip("polars")
    frame = dataset.to_polars("model_calls")
    found = frame.filter(polars.col("step_index") == 0).select("episode_id", "request").collect()
    assert sorted(set(found["episode_id"])) == IDS
    assert json.loads(found["request"][0]) == record_of("a-0").model_calls[0].request
    assert frame.select(polars.len()).collect().item() == dataset.model_calls.num_rows
    assert dataset.to_polars("steps").head(4).collect().height == 4
    assert (
        dataset.filter(episode_id="b*").to_polars().select("episode_id").collect()["episode_id"].to_list() == IDS[2:4]
    )


def test_duckdb_joins_whole_tables_as_often_as_asked(dataset: Dataset) -> None:
    connection = dataset.filter(min_num_steps=3).to_duckdb()
    query = """
        select episode_id, count(distinct s.step_index), max(m.request->>'$.messages[0].role')
        from episodes join steps s using (episode_id) join model_calls m using (episode_id) group by all order by all
    """
    expected = [("b-0", 3, "user"), ("b-1", 4, "user"), ("c-0", 5, "user")]
    assert [connection.sql(query).fetchall() for _ in range(2)] == [expected, expected]


def test_a_missing_library_names_the_extra(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(ValueError, match=r"polars.*pip install 'claudebox_rl\[readers\]'"):
        dataset.to_polars()


def test_a_pickled_dataset_reads_the_same_episodes(dataset: Dataset, tmp_path: Path) -> None:
    carried = pickle.dumps(dataset.filter(pc.field("num_steps") > 1, episode_id="a*").select(model_calls=[]))
    journal(tmp_path, record_of("a-9"))
    commit(tmp_path)
    (record,) = pickle.loads(carried)
    assert (record.steps, record.model_calls) == (record_of("a-1", num_steps=2).steps, ())


def test_a_column_that_is_not_there_is_refused_at_once(dataset: Dataset) -> None:
    for bad in (lambda: dataset.to_arrow("steps", ["sequence"]), lambda: dataset.to_arrow("texte")):
        with pytest.raises(TrajectoryError, match=r"no (column sequence|table 'texte').*: episode"):
            bad().read_all()
