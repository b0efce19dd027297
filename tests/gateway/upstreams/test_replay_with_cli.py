"""A stored episode of the unmodified CLI, played again on a machine of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import gymnasium as gym
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from claudebox_rl import load_dataset, run_episode
from claudebox_rl.config import ModelConfig
from claudebox_rl.errors import TrajectoryError
from claudebox_rl.session.model import make_model
from claudebox_rl.tasks import find_tasks
from claudebox_rl.trajectory import EpisodeRecord, commit
from claudebox_rl.types import EpisodeRequest, Outcome

TASKS = ("quickstart/fix-bug", "quickstart/shell-script")


def play(
    dataset: Path, sandbox: str, task: str, model: dict[str, Any], name: str, agent: Any = "claude"
) -> EpisodeRecord:
    env = gym.make(
        "ClaudeBox-v0", task=task, model=model, agent=agent, sandbox=sandbox, actor=False, disable_env_checker=True
    )
    try:
        run_episode(env, request=EpisodeRequest(episode_id=name), dataset=dataset)
    finally:
        env.close()
    commit(dataset)
    return load_dataset(dataset)[name]


def replayed(dataset: Path, **options: Any) -> dict[str, Any]:
    return {"upstream": "replay", "options": {"dataset": str(dataset), **options}}


@pytest.fixture(scope="module")
def recorded(local_sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with an episode of each task, played by the oracle."""
    dataset = tmp_path_factory.mktemp("recorded") / "set"
    for task in TASKS:
        record = play(dataset, local_sandbox, task, {"upstream": "oracle"}, f"recorded-{task.rsplit('/')[-1]}")
        assert record.episode.episode_return == 1.0
    return dataset


def tampered(dataset: Path, column: str, old: str, new: str, copy: Path) -> Path:
    """Copy a dataset with a text in one column of its model calls replaced by another."""
    shutil.copytree(dataset, copy)
    num_changed = 0
    for part in (copy / "model_calls").glob("*.parquet"):
        table = pq.read_table(part)
        index = table.schema.get_field_index(column)
        field = table.schema.field(index)
        values = [value and value.replace(old, new) for value in table[column].to_pylist()]
        num_changed += values != table[column].to_pylist()
        pq.write_table(table.set_column(index, field, pa.array(values, field.type)), part)
    assert num_changed
    return copy


@pytest.mark.parametrize("task", TASKS)
def test_a_stored_episode_plays_to_the_same_end(local_sandbox: str, recorded: Path, tmp_path: Path, task: str) -> None:
    name = f"recorded-{task.rsplit('/')[-1]}"
    first = load_dataset(recorded)[name]
    again = play(tmp_path / "set", local_sandbox, task, replayed(recorded), "again")
    assert (again.episode.outcome, again.episode.episode_return) == (Outcome.COMPLETED, 1.0)
    assert again.episode.rewards == first.episode.rewards
    assert again.episode.model == "claudebox-oracle"
    assert [call.response for call in again.model_calls] == [call.response for call in first.model_calls]
    tools = [[(call.tool_use_id, call.input) for call in step.tool_calls] for step in again.steps]
    assert tools == [[(call.tool_use_id, call.input) for call in step.tool_calls] for step in first.steps]


@pytest.mark.parametrize(
    ("column", "old", "new", "report"),
    [
        ("request", "Ran 3 tests", "Ran 4 tests", "call 2 (agent main), $.messages[5].content[0].content: recorded "),
        (
            "response",
            "bash /solution/solve.sh",
            "bash /solution/solve.sh; true",
            "call 2 (agent main), $.messages[4].content[1].input.command: recorded "
            '"bash /solution/solve.sh", asked "bash /solution/solve.sh; true"',
        ),
        ("request", '"max_tokens":32000', '"max_tokens":32001', "call 0 (agent main), $.max_tokens: "),
    ],
    ids=["a result", "an answer", "a setting"],
)
def test_a_changed_dataset_is_reported_where_it_was_changed(
    local_sandbox: str, recorded: Path, tmp_path: Path, column: str, old: str, new: str, report: str
) -> None:
    changed = tampered(recorded, column, old, new, tmp_path / "changed")
    model = replayed(changed, episode="recorded-fix")
    again = play(tmp_path / "set", local_sandbox, TASKS[0], model, "again").episode
    assert (again.outcome, again.episode_return, again.error_type) == (Outcome.INFRA_ERROR, None, "GatewayError")
    assert again.error_message is not None
    assert f"the replay diverges at {report}" in again.error_message


def test_an_episode_of_a_bad_line_plays_to_the_same_end(local_sandbox: str, tmp_path: Path) -> None:
    rates = {"529": 0.1, "drop": 0.1, "cut": 0.15, "garbage": 0.15}
    line = {"upstream": "faulty", "options": {"rates": rates, "seed": 1356}}
    first = play(tmp_path / "set", local_sandbox, TASKS[0], line, "bad-line")
    assert [call.status for call in first.model_calls] == [200, 200, 200, 200, 529, 200]
    again = play(tmp_path / "again", local_sandbox, TASKS[0], replayed(tmp_path / "set"), "again")
    assert (again.episode.outcome, again.episode.episode_return) == (Outcome.COMPLETED, 1.0)
    assert [call.response for call in again.model_calls] == [call.response for call in first.model_calls]


def test_an_episode_with_sub_agents_plays_to_the_same_end(local_sandbox: str, tmp_path: Path) -> None:
    helpers = [
        {"name": "Agent", "input": {"description": name, "prompt": f"{name} it", "subagent_type": "general-purpose"}}
        for name in ("count", "search")
    ]
    look = {"name": "Bash", "input": {"command": "date; mktemp; ls -l; time true"}}
    script = [{"tools": helpers}, {"tools": [look]}, {"text": "done"}]
    model = {"upstream": "scripted", "options": {"script": script}}
    tools = {"tools": ["Agent", "Bash"]}
    first = play(tmp_path / "set", local_sandbox, TASKS[0], model, "helped", agent=tools)
    assert len({call.agent_path for call in first.model_calls}) == 3
    again = play(tmp_path / "again", local_sandbox, TASKS[0], replayed(tmp_path / "set"), "again", agent=tools)
    assert (again.episode.outcome, again.episode.error_message) == (Outcome.COMPLETED, None)
    assert len(again.model_calls) == len(first.model_calls) == 5


def test_an_episode_that_is_not_there_is_told_before_a_machine_starts(recorded: Path, tmp_path: Path) -> None:
    (other,) = find_tasks("quickstart/parse-log")
    for options, message in [
        ({"dataset": str(recorded)}, "0 episodes of task quickstart/parse-log"),
        ({"dataset": str(recorded), "episode": "recorded-"}, "2 episodes start with 'recorded-'"),
        ({"dataset": str(tmp_path)}, "no dataset at"),
    ]:
        with pytest.raises(TrajectoryError, match=message):
            make_model(ModelConfig("replay", options=options), other, root="")
