from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudebox_rl.config import RolloutConfig
from claudebox_rl.playing.plan import next_attempt, plan_episodes
from claudebox_rl.playing.resume import GROWING, differing, plan_digest, what_is_left
from claudebox_rl.types import EpisodeRequest, Outcome

VALID = [outcome for outcome in Outcome if outcome.valid_for_training]


def plan(count: int, tasks: tuple[str, ...] = ("s/a", "s/b")) -> list[EpisodeRequest]:
    return plan_episodes(tasks, episodes_per_task=count, seed=7, run_id="r", config={})


def test_what_has_no_outcome_is_played_as_it_was_planned() -> None:
    requests = plan(2)
    assert what_is_left(requests, {}, 3) == requests
    assert what_is_left(requests, {requests[1].episode_id: Outcome.COMPLETED}, 3) == [requests[0], *requests[2:]]


@pytest.mark.parametrize("outcome", VALID)
def test_a_valid_outcome_finishes_an_episode_at_any_attempt(outcome: Outcome) -> None:
    (first, _) = requests = plan(1)
    second = next_attempt(first)
    lost = {first.episode_id: Outcome.INFRA_ERROR}
    assert what_is_left(requests[:1], lost, 3) == [second]
    assert what_is_left(requests[:1], lost | {second.episode_id: outcome}, 3) == []


def test_attempts_are_used_up_by_the_infrastructure_alone() -> None:
    (request, _) = plan(1)
    outcomes: dict[str, Outcome] = {}
    for outcome in (Outcome.CANCELLED, Outcome.INFRA_ERROR, Outcome.CANCELLED, Outcome.CANCELLED, Outcome.INFRA_ERROR):
        (left,) = what_is_left([request], outcomes, 2)
        assert left.episode_id not in outcomes
        outcomes[left.episode_id] = outcome
    assert what_is_left([request], outcomes, 2) == []
    (more,) = what_is_left([request], outcomes, 3)
    assert (more.attempt, more.seed, more.group_id) == (3, request.seed, request.group_id)


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(Outcome)), max_size=12), st.integers(1, 4))
def test_a_run_that_is_started_often_enough_ends(ends: list[Outcome], max_attempts: int) -> None:
    (request, _) = plan(1)
    outcomes: dict[str, Outcome] = {}
    for outcome in ends:
        for left in what_is_left([request], outcomes, max_attempts):
            assert left.episode_id not in outcomes, "a row would be doubled"
            assert left.attempt <= max_attempts
            outcomes[left.episode_id] = outcome
    is_left = bool(what_is_left([request], outcomes, max_attempts))
    lost = sum(outcome is Outcome.INFRA_ERROR for outcome in outcomes.values())
    assert is_left == (lost < max_attempts and not any(outcome in VALID for outcome in outcomes.values()))


@pytest.mark.parametrize("run_id", ["r", "r-again", "r-attempt2"])
def test_an_attempt_that_was_not_stored_is_not_played_again_once_a_later_one_was(run_id: str) -> None:
    (request,) = plan_episodes(("s/a",), episodes_per_task=1, seed=7, run_id=run_id, config={})
    second = next_attempt(request)
    third = next_attempt(second)
    assert what_is_left([request], {second.episode_id: Outcome.COMPLETED}, 5) == []
    assert what_is_left([request], {second.episode_id: Outcome.INFRA_ERROR}, 5) == [third]
    assert what_is_left([request], {second.episode_id: Outcome.INFRA_ERROR}, 2) == []
    (again,) = what_is_left([request], {second.episode_id: Outcome.CANCELLED}, 5)
    assert (again.attempt, again.episode_id) == (2, f"{second.episode_id}-again")
    assert what_is_left([request], {"another-run": Outcome.COMPLETED}, 5) == [request]


def test_more_episodes_of_each_task_leave_the_first_ones_as_they_were() -> None:
    few, many = plan(2), plan(5)
    assert plan_digest(many[: len(few)]) == plan_digest(few)
    assert plan_digest(few) != plan_digest(plan(2, ("s/a", "s/c")))
    done = {request.episode_id: Outcome.COMPLETED for request in few}
    assert what_is_left(many, done, 3) == many[len(few) :]


def test_only_settings_that_change_episodes_differ() -> None:
    before = {"seed": 0, "model": {"upstream": "oracle", "options": {}}, "rollout": {"num_workers": 2}, "ray": {"a": 1}}
    now = {"seed": 1, "model": {"upstream": "nop", "options": {}}, "rollout": {"num_workers": 9}, "ray": {"a": 2}}
    assert differing(before, now) == {"seed": (0, 1), "model.upstream": ("oracle", "nop")}
    assert differing(before, before | {"new": 1, "reward": ()}) == {}
    assert differing({"reward": ["a"]}, {"reward": ("a",)}) == {}
    assert differing({"task": "a"}, {"task": ["a", "b"]}) == {"task": ("a", ["a", "b"])}
    assert differing({"rollout": {"group_size": 1}}, {"rollout": {"group_size": 2}}) == {"rollout.group_size": (1, 2)}


def test_episodes_of_a_task_may_grow_in_number_and_not_shrink() -> None:
    few, many = {"rollout": {"episodes_per_task": 2}}, {"rollout": {"episodes_per_task": 4}}
    assert differing(few, many) == {}
    assert differing(many, few) == {GROWING: (4, 2)}


def test_every_setting_of_rollouts_was_thought_of() -> None:
    """A new field must be named here, or in `SHAPING` where episodes depend on it."""
    free = {
        "num_workers",
        "sessions_per_worker",
        "episodes_per_task",
        "max_in_flight",
        "deadlines",
        "beat_interval_s",
        "beat_timeout_s",
        "max_attempts",
        "backoff_s",
        "max_backoff_s",
        "max_broken_workers",
        "breaker_window",
        "commit_interval_s",
    }
    shaping = {"group_size", "branch_at", "scrub"}
    assert {field.name for field in fields(RolloutConfig)} <= free | shaping
