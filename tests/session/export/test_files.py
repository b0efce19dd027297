"""Documents from histories and episodes, and their files."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import TrajectoryExporter, load_dataset
from claudebox_rl.errors import ConfigError, SchemaVersionError, SessionNotFoundError, TrajectoryError
from claudebox_rl.session.export.dataset import from_episode
from claudebox_rl.session.export.document import merged
from claudebox_rl.session.export.history import from_history
from claudebox_rl.trajectory import EpisodeJournal, commit
from claudebox_rl.types import Episode, Outcome, Step, ToolCall


def line(kind: str, index: int, at: float, **content: Any) -> dict[str, Any]:
    return {"kind": kind, "time": at, "session_id": "s", "prompt_index": index, **content}


def action(index: int, at: float, output: str, exit_code: int | None = 0, **content: Any) -> dict[str, Any]:
    return line(
        "action",
        index,
        at + 1,
        turn=0,
        tool="Bash",
        input={"command": f"echo {output}"},
        output=output,
        started_at=at,
        duration_s=0.25,
        exit_code=exit_code,
        error=output if exit_code else None,
        policy_violation=content.get("policy_violation"),
        tool_use_id=f"t{at}",
        parent_tool_use_id=None,
    )


def result(index: int, at: float, reward: float | None, **content: Any) -> dict[str, Any]:
    return line("result", index, at, **{
        "success": True, "response": "done", "error": None, "failure": None, "exit_code": 0, "reward": reward,
        "reward_terms": {} if reward is None else {"success": reward}, "num_turns": 2, "duration_s": 1.5,
        "cost_usd": 0.1, "usage": {"input_tokens": 5, "output_tokens": 2, "cached_tokens": 0},
        **content,
    })  # fmt: skip


HISTORY = [
    line("prompt", 0, 10.0, prompt="first"),
    action(0, 12.0, "second call"),
    action(0, 11.0, "first call", exit_code=3),
    result(0, 14.0, 0.5),
    line("note", 0, 15.0, text="anything"),
    line("prompt", 1, 20.0, prompt="then"),
    result(1, 22.0, 0.25),
]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    for name in ("e-one", "e-two"):
        calls = (
            ToolCall("a", "Bash", {"command": "ls"}, "x\n", started_at=5.0, duration_s=0.1),
            ToolCall("b", "Bash", {"command": "false"}, "Exit code 1", is_error=True, started_at=6.0, duration_s=0.1),
        )
        journal = EpisodeJournal(path, name)
        first = Step(
            name, 0, {"instruction": "do", "response": ""}, "do", -0.25, {"cost": -0.25}, False, False, calls, 2
        )
        journal.add_step(first)
        seen = {"instruction": "do", "response": "did"}
        journal.add_step(
            replace(
                first,
                step_index=1,
                observation=seen,
                action="/submit",
                reward=1.0,
                terminated=True,
                tool_calls=(),
                reward_terms={"verifier": 1.0},
            )
        )
        journal.finish(Episode(name, "run", "suite/task", Outcome.COMPLETED, 0.75, num_steps=2, started_at=4.0))
    commit(path)
    return path


def test_a_history_in_the_order_of_its_calls() -> None:
    one = from_history("s", HISTORY)
    assert [step["observation"]["output"] for step in one["steps"]] == ["first call", "second call", "", ""]
    assert [step["observation"]["exit_code"] for step in one["steps"]] == [3, 0, 0, 0]
    assert [step["reward"] for step in one["steps"]] == [None, None, 0.5, 0.25]
    assert [step["turn"] for step in one["steps"]] == [1, 2, 3, 4]
    assert [step["done"] for step in one["steps"]] == [False, False, False, True]
    assert (one["final_reward"], one["success"], one["total_turns"], one["total_duration_ms"]) == (0.75, True, 4, 3000)
    assert one["created_at"] == "1970-01-01T00:00:10.000+00:00"


def test_a_prompt_that_a_crash_ended_has_no_reward() -> None:
    one = from_history("s", HISTORY[:3])
    assert [step["reward"] for step in one["steps"]] == [None, None]
    assert (one["final_reward"], one["success"], one["prompts"][0]["interrupted"]) == (None, False, True)


def test_a_foreign_history_is_refused() -> None:
    for lines, words in (
        ([], "no history to export"),
        ([{"prompt": "old"}], "line 1 is of no known kind"),
        ([action(0, 1.0, "x")], "line 1 belongs to no prompt"),
        ([HISTORY[0], {**result(0, 1.0, None), "prompt_index": 7}], "line 2 belongs to no prompt"),
        ([{"kind": "prompt", "prompt_index": 0}], "lacks a field"),
    ):
        with pytest.raises(TrajectoryError, match=words):
            from_history("s", lines)


def test_a_dataset_and_one_of_its_episodes(dataset: Path) -> None:
    one = TrajectoryExporter(dataset, episode="e-t").export_trajectory()
    assert [step["action"]["text"] for step in one["steps"]] == [None, None, "did", None]
    assert [step["observation"]["exit_code"] for step in one["steps"][:2]] == [0, 1]
    assert [step["reward"] for step in one["steps"]] == [None, None, -0.25, 1.0]
    assert (one["final_reward"], one["outcome"], one["task_id"]) == (0.75, "completed", "suite/task")
    assert [prompt["prompt"] for prompt in one["prompts"]] == ["do", "/submit"]
    both = TrajectoryExporter(str(dataset)).export_trajectory()
    assert (both["trajectories_count"], both["total_turns"]) == (2, 8)
    assert [step["trajectory_id"] for step in both["steps"]] == ["e-one"] * 4 + ["e-two"] * 4
    assert sum(head["final_reward"] for head in both["trajectories"]) == sum(
        episode.episode_return or 0 for episode in load_dataset(dataset).summaries()
    )


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_the_round_trip(dataset: Path, tmp_path: Path, kind: str) -> None:
    for exporter in (TrajectoryExporter(dataset), TrajectoryExporter(dataset, episode="e-one")):
        path = tmp_path / "new" / f"file.{kind}"
        exporter.save_to_file(path, format=kind)
        assert TrajectoryExporter.load_trajectory(path) == exporter.export_trajectory()
        assert [each.name for each in path.parent.iterdir()] == [path.name]
    text = path.read_text("utf-8")
    assert len(text.splitlines()) == 5 if kind == "jsonl" else isinstance(json.loads(text), dict)


def test_merging(dataset: Path) -> None:
    one, two = (TrajectoryExporter(dataset, episode=name).export_trajectory() for name in ("e-one", "e-two"))
    three = from_history("s", HISTORY)
    both = TrajectoryExporter.merge_trajectories([one, two])
    assert both == TrajectoryExporter(dataset).export_trajectory()
    assert TrajectoryExporter.merge_trajectories([both, three])["trajectories_count"] == 3
    with pytest.raises(TrajectoryError, match="'e-one' is there twice"):
        TrajectoryExporter.merge_trajectories([one, both])
    with pytest.raises(TrajectoryError, match="only documents of format"):
        TrajectoryExporter.merge_trajectories([{"steps": []}])


def test_state_action_pairs(dataset: Path) -> None:
    pairs = TrajectoryExporter(dataset).get_state_action_pairs()
    assert len(pairs) == 8
    state, act, after = pairs[1]
    assert state == {"turn": 2, "prompt": "do", "last_output": "x\n"}
    assert act["input"] == {"command": "false"}
    assert (after["last_output"], after["exit_code"], after["done"]) == ("Exit code 1", 1, False)
    assert pairs[3][2]["done"]
    assert pairs[4][0]["last_output"] == ""  # another episode has seen nothing of the one before


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_every_torn_file_is_refused(dataset: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"whole.{kind}"
    TrajectoryExporter(dataset, episode="e-one").save_to_file(path, format=kind)
    content = path.read_bytes()
    torn = tmp_path / "torn"
    for size in range(0, len(content) - 1, 37):
        torn.write_bytes(content[:size])
        with pytest.raises(TrajectoryError, match=r"torn|no file of trajectories|damaged"):
            TrajectoryExporter.load_trajectory(torn)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff", b"[]", b"7", b"{}", b'{"format": "claudebox_rl.trajectory", "version": 1}', b"[" * 100_000,
     b'{"format": "claudebox_rl.trajectories", "version": 1, "trajectories": 3, "steps": []}',
     b'{"kind": "step"}\n', b'{"kind": "trajectory"}\n7\n', b'{"session_id": "x", "steps": []}'],
)  # fmt: skip
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(content)
    with pytest.raises(TrajectoryError):
        TrajectoryExporter.load_trajectory(path)


def test_newer_larger_and_missing_files(dataset: Path, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    TrajectoryExporter(dataset).save_to_file(path)
    with pytest.raises(TrajectoryError, match="larger than 100 bytes"):
        TrajectoryExporter.load_trajectory(path, max_bytes=100)
    path.write_text(path.read_text().replace('"version": 1', '"version": 2', 1))
    with pytest.raises(SchemaVersionError, match="upgrade claudebox_rl"):
        TrajectoryExporter.load_trajectory(path)
    with pytest.raises(TrajectoryError, match="can't read"):
        TrajectoryExporter.load_trajectory(tmp_path / "none")
    with pytest.raises(TrajectoryError, match="json or jsonl, not 'csv'"):
        TrajectoryExporter(dataset).save_to_file(path, format="csv")


def test_what_can_not_be_exported_is_said(tmp_path: Path) -> None:
    with pytest.raises(SessionNotFoundError, match="no session 'never-made' with a history"):
        TrajectoryExporter("never-made").export_trajectory()
    with pytest.raises(TrajectoryError, match="no dataset at"):
        TrajectoryExporter(tmp_path / "empty").export_trajectory()
    with pytest.raises(ConfigError, match="session_id"):
        TrajectoryExporter("..")
    with pytest.raises(ConfigError, match="no dataset's folder"):
        TrajectoryExporter("never-made", episode="e")


def fields(one: dict[str, Any]) -> set[str]:
    return {*one} | {f"steps.{name}" for step in one["steps"] for name in step}


def test_the_page_names_every_field_of_a_document_and_no_other(dataset: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/trajectories.md").read_text()
    section = page.partition("## JSON\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| (`.*?`) \| (.*) \|$", section, re.MULTILINE))
    named = {name for cell in rows for name in re.findall(r"`([\w.]+)`", cell)}
    named |= set(re.findall(r"`(\w+)`", rows["`source`"])) - {"session", "dataset"}
    documents = [from_history("s", HISTORY), *map(from_episode, load_dataset(dataset))]
    assert named == set.union(*map(fields, documents))
    for cell, parts in (
        ("`prompts`", [prompt for one in documents for prompt in one["prompts"]]),
        ("`steps.action`", [step["action"] for one in documents for step in one["steps"]]),
        ("`steps.observation`", [step["observation"] for one in documents for step in one["steps"]]),
    ):
        assert set().union(*parts) == set(re.findall(r"`(\w+)`", rows[cell])), cell
    assert all(f"`{name}`" in section for name in merged(documents))
