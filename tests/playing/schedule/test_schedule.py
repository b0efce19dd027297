"""Who is played next, by a clock of the test's own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudebox_rl.config import RolloutConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.playing.schedule import Schedule, Work, as_unit
from claudebox_rl.types import Episode, EpisodeRequest, Outcome

CONFIG = RolloutConfig(max_attempts=3, backoff_s=1.0, max_backoff_s=60.0, max_broken_workers=3, breaker_window=None)


def request(task: str, number: int = 0) -> EpisodeRequest:
    return EpisodeRequest(task_id=task, episode_id=f"{task}-{number}", run_id="r")


def episode(request: EpisodeRequest, error_type: str | None = None) -> Episode:
    outcome = Outcome.INFRA_ERROR if error_type else Outcome.COMPLETED
    return Episode(request.episode_id, "r", request.task_id or "", outcome, None, error_type=error_type)


def schedule_of(*requests: EpisodeRequest, config: RolloutConfig = CONFIG) -> Schedule:
    schedule = Schedule(config)
    for one in requests:
        schedule.add((one,))
    return schedule


def take(schedule: Schedule, now: float = 0.0) -> Work:
    work = schedule.take(now)
    assert work is not None
    return work


def fail(schedule: Schedule, work: Work, error_type: str = "GatewayError", *, now: float = 0.0, **facts: str) -> bool:
    again = schedule.ended(work, episode(work.unit[0], error_type))
    schedule.finish(work, now, **facts)
    return again


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=60))
def test_tasks_take_turns_whatever_the_order(tasks: list[str]) -> None:
    schedule = schedule_of(*(request(task, number) for number, task in enumerate(tasks)))
    left, given = Counter(tasks), Counter[str]()
    while work := schedule.take(0.0):
        task = work.task
        assert all(given[other] >= given[task] for other in left if left[other]), "nobody who waits had fewer turns"
        left[task] -= 1
        given[task] += 1
    assert given == Counter(tasks)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4)), min_size=1, max_size=20))
def test_each_request_ends_for_good_exactly_once(plan: list[tuple[str, int]]) -> None:
    failures = {f"{task}-{number}": times for number, (task, times) in enumerate(plan)}
    schedule = schedule_of(*(request(task, number) for number, (task, _) in enumerate(plan)))
    now, ends = 0.0, Counter[str]()
    while schedule.num_fresh or schedule.num_failed:
        work = schedule.take(now)
        if work is None:
            due = schedule.due()
            assert due is not None
            assert due > now
            now = due
            continue
        (one,) = work.unit
        base = one.episode_id.split("-attempt")[0]
        broken = one.attempt <= failures[base]
        again = schedule.ended(work, episode(one, "SandboxStartError" if broken else None))
        assert again is (broken and one.attempt < 3)
        ends[base] += not again
        schedule.finish(work, now)
    assert ends == Counter(dict.fromkeys(failures, 1))


@pytest.mark.parametrize("error_type", ["VerifierError", "ConfigError", "TaskError", "AgentError", "RuntimeError"])
def test_what_would_fail_again_is_not_played_again(error_type: str) -> None:
    schedule = schedule_of(request("a"))
    assert not fail(schedule, take(schedule), error_type)
    assert schedule.num_failed == 0


def test_waits_double_and_end_at_the_longest() -> None:
    schedule = schedule_of(request("a"), config=replace(CONFIG, max_attempts=9, max_backoff_s=5.0))
    for longest in (1.0, 2.0, 4.0, 5.0, 5.0):
        work = schedule.take(0.0) or take(schedule, schedule.due() or 0.0)
        assert fail(schedule, work, now=100.0)
        assert schedule.take(100.0) is None
        due = schedule.due()
        assert due is not None
        assert 100.0 + longest / 2 <= due <= 100.0 + longest


def test_nodes_where_it_failed_are_avoided() -> None:
    schedule = schedule_of(request("a"))
    fail(schedule, take(schedule), node="n1")
    second = take(schedule, 10.0)
    assert second.avoid == {"n1"}
    fail(schedule, second, now=10.0, node="n2")
    assert take(schedule, 100.0).avoid == {"n1", "n2"}


def test_of_a_group_only_the_members_that_failed_are_played_again() -> None:
    schedule = Schedule(CONFIG)
    unit = (request("a", 0), request("a", 1), request("a", 2))
    schedule.add(unit)
    work = take(schedule)
    assert [schedule.ended(work, episode(one, "GatewayError" if one is not unit[1] else None)) for one in unit] == [
        True,
        False,
        True,
    ]
    schedule.finish(work, 0.0)
    assert [one.episode_id for one in take(schedule, 10.0).unit] == ["a-0-attempt2", "a-2-attempt2"]


def test_a_task_that_breaks_three_workers_in_a_row_is_refused_with_its_evidence() -> None:
    schedule = schedule_of(*(request("bad", number) for number in range(4)), request("good"))
    for _ in range(3):
        work = take(schedule)
        while work.task == "good":
            schedule.ended(work, episode(work.unit[0]))
            work = take(schedule)
        schedule.ended(work, episode(work.unit[0], "Interrupted"), broke_worker=True)
    refused = take(schedule)
    assert refused.refusal is not None
    assert refused.refusal.context["episode_ids"] == ("bad-0", "bad-1", "bad-2")
    assert not schedule.ended(refused, episode(refused.unit[0], "QuarantineError"))


def test_an_episode_that_ends_acquits_its_task() -> None:
    schedule = schedule_of(*(request("a", number) for number in range(8)))
    for number in range(7):
        work = take(schedule)
        broken = number != 2
        schedule.ended(work, episode(work.unit[0], "Interrupted" if broken else None), broke_worker=broken)
        if number == 4:
            assert work.refusal is None
    assert take(schedule).refusal is not None, "three in a row after the one that ended"


def test_a_run_that_fails_everywhere_is_stopped_with_the_reason() -> None:
    config = replace(CONFIG, breaker_window=10, max_attempts=1)
    schedule = schedule_of(*(request("ab"[number % 2], number) for number in range(10)), config=config)
    for number in range(10):
        assert schedule.stopped is None
        work = take(schedule)
        schedule.ended(work, episode(work.unit[0], "SandboxStartError" if number else None))
    assert schedule.stopped is not None
    assert "9 of the last 10 attempts, over 2 tasks" in str(schedule.stopped)
    assert "SandboxStartError: 9" in str(schedule.stopped)


def test_one_bad_task_among_others_does_not_stop_a_run() -> None:
    config = replace(CONFIG, breaker_window=5, max_attempts=1)
    schedule = schedule_of(request("good"), *(request("bad", number) for number in range(20)), config=config)
    while work := schedule.take(0.0):
        schedule.ended(work, episode(work.unit[0], "GatewayError" if work.task == "bad" else None))
    assert schedule.stopped is None


def test_a_group_has_one_task() -> None:
    with pytest.raises(ConfigError, match="one and the same task"):
        as_unit((request("a"), request("b")))
    with pytest.raises(ConfigError, match="one and the same task"):
        as_unit(())
