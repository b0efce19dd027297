from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from trajectory_values import call_of, episode_of, journal, step_of

from claudebox_rl.trajectory import EpisodeRecord, commit, load_dataset
from claudebox_rl.trajectory.timing import covered, episode_times
from claudebox_rl.types import ToolCall

BEGIN = 1_763_974_000.0


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0),
        ([(1, 3)], 2),
        ([(1, 3), (5, 6)], 3),
        ([(5, 6), (1, 3)], 3),
        ([(1, 3), (2, 4)], 3),
        ([(1, 9), (2, 4), (3, 5)], 8),
        ([(1, 2), (2, 3)], 2),
        ([(1, 1), (1, 1)], 0),
    ],
)
def test_covered(spans: list[tuple[float, float]], seconds: float) -> None:
    assert covered(spans) == seconds


def call(name: str, begin: float, seconds: float) -> object:
    return replace(call_of("e", name), started_at=BEGIN + begin, latency_s=seconds)


def tool(begin: float, seconds: float | None) -> ToolCall:
    return ToolCall("t", "Bash", {}, started_at=BEGIN + begin, duration_s=seconds)


def record(calls: list, tools: list[ToolCall], **values: object) -> EpisodeRecord:
    times = {"queued_s": 1.0, "boot_s": 2.0, "setup_s": 3.0, "agent_s": 12.0, "verify_s": 4.0}
    episode = replace(episode_of("e"), started_at=BEGIN, ended_at=BEGIN + 30.0, **(times | values))
    outside = replace(call_of("e", "warm"), started_at=BEGIN + 4, latency_s=1.0)
    steps = (replace(step_of("e", 0), tool_calls=tuple(tools)),)
    return EpisodeRecord(episode, steps, (*calls, outside), (*(0 for _ in calls), None))


def store(folder: Path, one: EpisodeRecord) -> Path:
    journal(folder, one)
    commit(folder)
    return folder


def test_no_moment_counts_twice(tmp_path: Path) -> None:
    calls = [call("main", 6, 4), call("sub-agent", 8, 3), call("other", 13, 1)]  # 6-11 and 13-14
    tools = [tool(7, 5), tool(11.5, 1), tool(20, None)]  # 7-12 and 11.5-12.5: beyond the model from 11 to 12.5
    (times,) = episode_times(load_dataset(store(tmp_path, record(calls, tools))))
    assert times.model == pytest.approx(6.0)
    assert times.tools == pytest.approx(1.5)
    assert times.agent == pytest.approx(12 - 7.5)
    assert (times.queue, times.start, times.setup, times.verify) == (1.0, 2.0, 3.0, 4.0)
    assert times.rest == pytest.approx(30 - 1 - 2 - 3 - 12 - 4)
    assert times.total == pytest.approx(30.0)


def test_an_agent_that_asks_no_model(tmp_path: Path) -> None:
    (times,) = episode_times(load_dataset(store(tmp_path, record([], []))))
    assert (times.model, times.tools, times.agent) == (0, 0, 12)


def test_a_part_that_knows_of_no_queue(tmp_path: Path) -> None:
    store(tmp_path, record([], []))
    (part,) = (tmp_path / "episodes").glob("*.parquet")
    pq.write_table(pq.read_table(part).drop_columns("queued_s"), part)
    newer = replace(episode_of("f"), started_at=BEGIN, ended_at=BEGIN + 30.0, queued_s=5.0)
    store(tmp_path, EpisodeRecord(newer, (), (), ()))
    assert sorted(one.queue for one in episode_times(load_dataset(tmp_path))) == [0.0, 5.0]
    assert sorted(one.total for one in episode_times(load_dataset(tmp_path))) == [30.0, 30.0]


def test_one_rollout_of_a_dataset(tmp_path: Path) -> None:
    dataset = load_dataset(store(tmp_path, record([], [])))
    assert len(episode_times(dataset, "run")) == 1
    assert episode_times(dataset, "another") == []


def test_columns_leave_the_rest_in_the_files(tmp_path: Path) -> None:
    dataset = load_dataset(store(tmp_path, record([call("main", 6, 4)], [tool(7, 5)])))
    table = dataset.columns("steps", ("episode_id", "tool_calls.list.element.duration_s"))
    assert table.to_pylist() == [{"episode_id": "e", "tool_calls": [{"duration_s": 5.0}]}]
