"""Votes of a judge, over the real gateway."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from judged_env import Played, play
from judges import ASKED, judge

from claudebox_rl.errors import ConfigError, RewardError
from claudebox_rl.rewards import RubricReward, apply_rewards, combine_rewards
from claudebox_rl.rewards._rubric.votes import Judgement, Vote, read_vote
from claudebox_rl.testing.reward_checks import check_reward
from claudebox_rl.types import CodeResult

RUBRIC = "Says please."
DONE = CodeResult(success=True, response="Please.")


def reward(*scores: Any, **more: Any) -> RubricReward:
    model = more.pop("model", {})
    return RubricReward(RUBRIC, model=judge(*scores, **model), **more)


def test_the_median_vote_counts_and_the_agreement_is_told() -> None:
    asks = [10, None, 9, None, 1, None]  # every vote may be asked for twice
    judged = reward(*asks).report(DONE)
    assert judged is not None
    assert sorted(vote.score for vote in judged.votes) == [0.1, 0.9, 1.0]
    assert judged.score == reward(*asks)(DONE) == 0.9
    assert judged.agreement == pytest.approx(1 - (0.1 + 0.9 + 0.8) / 3)
    assert {vote.reason for vote in judged.votes} == {"vote 1", "vote 3", "vote 5"}


def test_agreement_by_its_formula() -> None:
    assert Judgement((Vote(0.5, ""),)).agreement == 1.0
    assert Judgement((Vote(1.0, ""), Vote(1.0, ""))).agreement == 1.0
    assert Judgement((Vote(1.0, ""), Vote(0.0, ""))).agreement == 0.0


def test_each_vote_is_asked_for_by_itself_and_paid_for() -> None:
    ASKED.clear()
    judged = reward(5, votes=4, model={"prices": {"input": 1.0, "output": 10.0}}).report(DONE, instruction="Be kind.")
    assert judged is not None
    assert judged.cost_usd == pytest.approx(4 * (1000 * 1.0 + 10 * 10.0) / 1e6)
    assert len({json.dumps(request) for request in ASKED}) == 4
    assert all("Be kind." in request["messages"][0]["content"][0]["text"] for request in ASKED)
    assert reward(5).report(DONE).cost_usd is None  # pyright: ignore[reportOptionalMemberAccess]


NO_VOTES = [
    "text",
    {},
    {"score": 10},
    {"reason": "x", "score": 11},
    {"reason": "x", "score": -1},
    {"reason": "x", "score": True},
    {"reason": "x", "score": "10"},
    {"reason": "x", "score": 9.5},
    {"reason": ["x"], "score": 1},
    {"reason": "x", "score": 1, "rubric": "new"},
]


@pytest.mark.parametrize("answer", NO_VOTES, ids=str)
def test_what_is_no_score_is_asked_for_again_and_then_no_number(answer: Any) -> None:
    assert reward(answer, 7, votes=1)(DONE) == 0.7
    with pytest.raises(RewardError, match="the judge gave no score in 2 answers"):
        reward(answer, votes=1)(DONE)


def test_two_calls_are_no_vote() -> None:
    call = {"type": "tool_use", "name": "give_score", "input": {"reason": "", "score": 3}}
    assert read_vote({"content": [call]}) == Vote(0.3, "")
    assert read_vote({"content": [call, call]}) is None
    assert read_vote({"content": "give_score"}) is None


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        ({"status": 500, "error": "down"}, "answered 500"),
        ({"garbage": True}, "answered|no score"),
        ({"text": "I refuse."}, "no score in 2 answers"),
    ],
    ids=["error", "garbage", "refusal"],
)
def test_a_judge_that_fails_gives_no_number(turn: dict[str, Any], words: str) -> None:
    model = {"upstream": "scripted", "options": {"script": [turn, turn, turn, turn]}}
    with pytest.raises(RewardError, match=words):
        RubricReward(RUBRIC, model=model, votes=1)(DONE)


def test_the_budget_holds() -> None:
    ASKED.clear()
    with pytest.raises(RewardError, match="answered 4"):
        reward(5, votes=3, budget={"model_calls": 2})(DONE)
    assert len(ASKED) <= 2


def test_nothing_done_is_no_evidence() -> None:
    ASKED.clear()
    assert reward(5)(CodeResult(success=True)) is None
    assert not ASKED


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rubric": " "}, "give a rubric"),
        ({"votes": 0}, "at least one vote"),
        ({"model": "loc"}, "unknown model 'loc'"),
        ({"budget": {"dollars": 1}}, "unknown field 'dollars'"),
    ],
)
def test_what_can_not_be_is_refused_at_once(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        RubricReward(**{"rubric": RUBRIC, "model": judge(5), **arguments})


def test_it_travels_and_adds_up() -> None:
    both = combine_rewards(pickle.loads(pickle.dumps(reward(5))), reward(10))
    assert both.terms(DONE) == {"rubric": 0.25, "rubric_2": 0.5}


def test_as_a_wrapper_it_judges_the_episode_and_tells_of_its_votes(tmp_path: Path) -> None:
    (tmp_path / "rubric.md").write_text(RUBRIC)
    env = apply_rewards(
        Played(1.0),
        {
            "verifier": 1,
            "rubric": {"weight": 0.5, "kwargs": {"rubric_file": str(tmp_path / "rubric.md"), "model": judge(8)}},
        },
    )
    _, terms = play(env)
    assert terms == {"verifier": 1.0, "rubric": pytest.approx(0.4)}
    env.reset()
    *_, info = env.step("/submit")
    assert "rubric" not in info["reward_terms"], "nothing was done"
    assert "rubric" not in info
    env.reset()
    env.step("prompt")
    *_, info = env.step("/submit")
    assert info["rubric"].agreement == 1.0
    with pytest.raises(ConfigError, match="as rubric, or its file"):
        apply_rewards(Played(), "rubric")


def test_it_keeps_the_promises_of_rewards() -> None:
    check_reward({"name": "rubric", "kwargs": {"rubric": RUBRIC, "model": judge(8), "votes": 2}}, low=0, high=1)
    check_reward(reward(3, votes=1), low=0, high=1)
