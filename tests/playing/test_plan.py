from __future__ import annotations

from claudebox_rl.playing.plan import next_attempt, plan_episodes


def plan(**changes: object):
    arguments = {"episodes_per_task": 2, "seed": 5, "run_id": "r1", "config": {"a": 1}, "overrides": ["seed=5"]}
    return plan_episodes(["s/fix bug", "s/other"], **(arguments | changes))


def test_tasks_take_turns_and_seeds_count_up() -> None:
    assert [(r.task_id, r.seed) for r in plan()] == [("s/fix bug", 5), ("s/other", 5), ("s/fix bug", 6), ("s/other", 6)]


def test_ids_are_plain_unique_and_the_same_again() -> None:
    ids = [r.episode_id for r in plan()]
    assert ids == [r.episode_id for r in plan()]
    assert len(set(ids)) == 4
    assert ids[0] == "fix-bug-0-r1"
    assert plan()[0].group_id == plan()[2].group_id


def test_attempts_count_up() -> None:
    second = next_attempt(plan()[0])
    third = next_attempt(second)
    assert (second.attempt, second.episode_id) == (2, "fix-bug-0-r1-attempt2")
    assert (third.attempt, third.episode_id) == (3, "fix-bug-0-r1-attempt3")
    assert third.seed == 5
