"""Stored episodes judged anew give what they gave in play, and other rewards give other numbers."""

from __future__ import annotations

import shutil
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import load_dataset, rollout
from claudebox_rl.cli.main import main
from claudebox_rl.errors import ConfigError, TrajectoryError
from claudebox_rl.playing.rescoring import rescore as module
from claudebox_rl.playing.rescoring.evidence import judged
from claudebox_rl.playing.rescoring.rescore import Rescoring, rescore
from claudebox_rl.tasks import find_tasks
from claudebox_rl.trajectory import EpisodeJournal, commit
from claudebox_rl.trajectory.rescores import Rescore
from claudebox_rl.types import CodeResult, Outcome, VerifierResult

TASKS = ["quickstart/fix-bug", "quickstart/fix-build"]
SEEN = {"name": "custom", "kwargs": {"reward_fn": f"{__name__}:seen", "name": "seen"}}
REWARDS = ["success", "efficiency", "safety", "step_penalty", SEEN]


def seen(result: CodeResult) -> float | None:
    """Tell episodes apart by what a function may look at, but times, and turns, which agents without a model count."""
    changes = None if result.changes is None else [(file.path, file.after) for file in result.changes.files]
    calls = [(call.name, call.input, call.output) for call in result.action_log]
    facts = (result.success, result.response, result.reward, result.usage, changes, calls)
    return zlib.crc32(repr(facts).encode()) / 2**32


@pytest.fixture(scope="module")
def played(local_sandbox: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Solved and untouched tasks, with rewards beside the verdict."""
    out = tmp_path_factory.mktemp("played")
    for agent in ("oracle", "nop"):
        rewards = REWARDS
        settings: dict[str, Any] = {"task": TASKS, "agent": agent, "sandbox": local_sandbox, "rewards": rewards}
        list(rollout(**settings, num_workers=0, out=out, run_id=agent))
    return out


@pytest.fixture
def dataset(played: Path, tmp_path: Path) -> Path:
    return shutil.copytree(played, tmp_path / "dataset")


@pytest.fixture
def no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise AssertionError("a machine was started")

    monkeypatch.setattr(module, "verdict_anew", refuse)


def column(dataset: Path, name: str, column: str) -> dict[str, Any]:
    table = load_dataset(dataset).rescored(name)
    values = table[f"rescored.{name}.{column}"].to_pylist()
    return dict(zip(table["episode_id"].to_pylist(), values, strict=True))


def returns(dataset: Path) -> dict[str, float | None]:
    return {episode.episode_id: episode.episode_return for episode in load_dataset(dataset).summaries()}


def change(dataset: Path, **values: Any) -> Path:
    """Store the first episode again in a dataset of its own, with other values."""
    record = next(iter(load_dataset(dataset)))
    other = dataset.with_name("changed")
    shutil.copytree(dataset / "blobs", other / "blobs")
    with EpisodeJournal(other, record.episode.episode_id) as journal:
        for step in record.steps:
            journal.add_step(step, record.calls_of(step.step_index))
        journal.finish(replace(record.episode, **values))
    commit(other)
    return other


def test_the_verifier_run_anew_gives_the_same_returns(dataset: Path) -> None:
    before = {path: path.read_bytes() for path in sorted(dataset.glob("*/*.parquet"))}
    heard: list[tuple[Rescore, int]] = []
    failed = rescore(dataset, Rescoring(tuple(REWARDS), name="again"),
                     lambda result, left: heard.append((result, left)))  # fmt: skip
    assert failed == 0
    assert [left for _, left in heard] == [3, 2, 1, 0]
    assert column(dataset, "again", "episode_return") == pytest.approx(returns(dataset), abs=0.1)
    assert column(dataset, "again", "verifier_reward") == {
        "fix-bug-0-oracle": 1.0, "fix-build-0-oracle": 1.0, "fix-bug-0-nop": 0.0, "fix-build-0-nop": 0.0,
    }  # fmt: skip
    assert set(column(dataset, "again", "verifier").values()) == {"anew"}
    assert "wrong: " in column(dataset, "again", "verifier_output")["fix-bug-0-nop"]
    assert {path: path.read_bytes() for path in before} == before, "what was stored stays as it was"


def test_what_is_done_is_skipped_and_what_is_cut_off_is_gone_on_with(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_result: Rescore, left: int) -> None:
        if left == 2:
            raise RuntimeError("stop")

    asked = Rescoring(verifier="anew", num_parallel=1)
    with pytest.raises(RuntimeError, match="stop"):
        rescore(dataset, asked, stop)
    heard: list[str] = []
    rescore(dataset, asked, lambda result, _: heard.append(result.episode_id))
    assert len(heard) == 2
    rescore(dataset, asked, lambda result, _: heard.append(result.episode_id))
    assert len(heard) == 2
    assert None not in column(dataset, "verifier", "episode_return").values()


@pytest.mark.usefixtures("no_machine")
def test_a_reward_of_the_steps_alone_starts_no_machine(dataset: Path) -> None:
    assert main(["rescore", str(dataset), "reward=[{name: efficiency, kwargs: {tool_calls: 5}}]"]) == 0
    found = column(dataset, "efficiency", "episode_return")
    assert 1.0 < found["fix-bug-0-oracle"] <= 2.0
    assert found["fix-bug-0-nop"] == 0.0
    assert set(column(dataset, "efficiency", "verifier").values()) == {"stored"}


@pytest.mark.usefixtures("no_machine")
def test_code_quality_is_judged_by_the_stored_state(dataset: Path) -> None:
    rescore(dataset, Rescoring(({"name": "code_quality", "kwargs": {"types": False}},), name="q"))
    terms = column(dataset, "q", "rewards")
    assert [term["name"] for term in terms["fix-bug-0-oracle"]] == ["verifier", "code_quality"]
    assert [term["name"] for term in terms["fix-bug-0-nop"]] == ["verifier"], "no code changed"


@pytest.mark.usefixtures("no_machine")
@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"workspace_files": None}, "was not stored"),
        ({"workspace_left_out": 2}, "2 paths were left out"),
        ({"outcome": Outcome.INFRA_ERROR, "episode_return": None}, "ended as infra_error"),
        ({"outcome": Outcome.AGENT_ERROR}, "ended as agent_error"),
    ],
)
def test_without_evidence_there_is_a_reason_and_no_number(dataset: Path, values: dict[str, Any], why: str) -> None:
    other = change(dataset, **values)
    assert rescore(other, Rescoring(("success",))) == 0
    (number,) = column(other, "success", "episode_return").values()
    (reason,) = column(other, "success", "reason").values()
    assert number is None
    assert why in reason


@pytest.mark.usefixtures("no_machine")
def test_weights_on_the_command_line_are_one_sum(dataset: Path) -> None:
    weights = "reward={verifier: 0.5, efficiency: {weight: 2, kwargs: {tool_calls: 5, time_s: null}}, step_penalty: 10}"
    assert main(["rescore", str(dataset), weights, "--verifier", "stored"]) == 0
    (terms, *_) = column(dataset, "verifier+efficiency+step_penalty", "rewards").values()
    named = {term["name"]: term["value"] for term in terms}
    assert named.keys() == {"verifier", "efficiency", "step_penalty"}
    assert (named["verifier"], named["step_penalty"]) == (0.5, pytest.approx(-0.1))
    assert 1.0 < named["efficiency"] <= 2.0


@pytest.mark.usefixtures("no_machine")
def test_a_reward_that_looks_into_the_machine_gives_no_number(dataset: Path) -> None:
    assert rescore(dataset, Rescoring(({"tests_passed_delta": 1},), verifier="stored")) == 0
    assert set(column(dataset, "tests_passed_delta", "episode_return").values()) == {None}
    assert "the machine between the steps" in column(dataset, "tests_passed_delta", "reason")["fix-bug-0-oracle"]


@pytest.mark.usefixtures("no_machine")
def test_a_judge_votes_on_stored_episodes(dataset: Path) -> None:
    answer = {"tools": [{"name": "give_score", "input": {"reason": "it says so", "score": 4}}]}
    model = {"upstream": "scripted", "options": {"script": [answer]}}
    assert (
        rescore(dataset, Rescoring(({"rubric": {"kwargs": {"rubric": "Is short.", "model": model}}},), name="r")) == 0
    )
    terms = {
        name: {term["name"]: term["value"] for term in row} for name, row in column(dataset, "r", "rewards").items()
    }
    assert terms["fix-bug-0-oracle"] == {"verifier": 1.0, "rubric": 0.4}


@pytest.mark.parametrize("error_type", ["VerifierError", "RewardError"])
def test_an_episode_that_lacked_its_verdict_alone_gets_one(dataset: Path, error_type: str) -> None:
    failed: dict[str, Any] = {
        "outcome": Outcome.INFRA_ERROR,
        "error_type": error_type,
        "episode_return": None,
        "rewards": {},
    }
    other = change(dataset, **failed)
    assert rescore(other, Rescoring(("success",))) == 0
    assert list(column(other, "success", "episode_return").values()) == [2.0]
    assert rescore(other, Rescoring(("success",), name="stored", verifier="stored")) == 0
    assert list(column(other, "stored", "episode_return").values()) == [None]


def test_a_task_that_is_gone_or_another_is_an_error_that_is_tried_again(dataset: Path, tmp_path: Path) -> None:
    other = change(dataset, task_id="quickstart/gone")
    assert main(["rescore", str(other)]) == 1
    assert "not found" in next(iter(column(other, "verifier", "reason").values()))
    assert main(["rescore", str(other), "task=quickstart/fix-bug"]) == 1
    heard: list[Rescore] = []
    assert rescore(other, Rescoring(), lambda result, _: heard.append(result)) == 1
    assert [(each.error_type, each.episode_return) for each in heard] == [("TaskError", None)]


def test_changed_tests_of_a_task_are_judged_by_again(dataset: Path, tmp_path: Path) -> None:
    (task,) = find_tasks("quickstart/fix-bug")
    folder = shutil.copytree(task.path, tmp_path / "tasks" / "fix-bug")
    other = change(dataset, task_id="fix-bug")
    asked = Rescoring(task=str(folder))
    rescore(other, asked)
    assert list(column(other, "verifier", "episode_return").values()) == [1.0]
    (folder / "tests" / "test.sh").write_text('echo 0.25 > "${CLAUDEBOX_ROOT:-}/logs/verifier/reward.txt"\n')
    rescore(other, asked)
    assert list(column(other, "verifier", "episode_return").values()) == [0.25]


@pytest.mark.usefixtures("no_machine")
def test_safety_needs_the_refused_connections(dataset: Path) -> None:
    record = next(iter(load_dataset(dataset)))
    other = dataset.with_name("older")
    with EpisodeJournal(other, record.episode.episode_id) as journal:
        for step in record.steps:
            journal.add_step(replace(step, refused=None), record.calls_of(step.step_index))
        journal.finish(record.episode)
    commit(other)
    rescore(other, Rescoring(("safety",)))
    assert list(column(other, "safety", "episode_return").values()) == [None]


def test_bad_settings_are_refused_before_anything(dataset: Path) -> None:
    with pytest.raises(ConfigError, match="unknown"):
        rescore(dataset, Rescoring(("none-such",)))
    with pytest.raises(ConfigError, match="coef"):
        rescore(dataset, Rescoring(({"name": "step_penalty", "kwargs": {"coef": -1}},)))
    with pytest.raises(ConfigError, match="num_parallel"):
        rescore(dataset, Rescoring(num_parallel=0))
    assert main(["rescore", str(dataset), "model=nop"]) == 2
    assert main(["rescore", str(dataset / "none")]) == 2
    assert not (dataset / "rescores").exists()
    with pytest.raises(TrajectoryError, match="there is: none"):
        load_dataset(dataset).rescored("none")


def test_the_terms_of_play_come_out_of_what_was_stored(played: Path) -> None:
    """With the play's own verdict; the time of a step is not quite that of its prompt."""
    for stored in load_dataset(played):
        rewards = stored.episode.rewards
        verdict = VerifierResult(rewards["verifier"])
        again = judged(stored, verdict, ["success", "efficiency", "safety", "step_penalty"], None)
        assert again == pytest.approx({name: rewards[name] for name in rewards if name != "seen"}, abs=0.01)
