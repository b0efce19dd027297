from __future__ import annotations

from claudebox_rl.playing.plan import in_groups, next_attempt, plan_episodes


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


def test_tasks_of_two_suites_with_one_name_are_told_apart() -> None:
    settings = {"episodes_per_task": 1, "seed": 0, "run_id": "r", "config": {}}
    requests = plan_episodes(["a/fix", "b/fix", "b/other"], **settings)
    assert [r.episode_id for r in requests] == ["a-fix-0-r", "b-fix-0-r", "other-0-r"]
    assert len({r.group_id for r in requests}) == 3


def test_attempts_count_up() -> None:
    second = next_attempt(plan()[0])
    third = next_attempt(second)
    assert (second.attempt, second.episode_id) == (2, "fix-bug-0-r1-attempt2")
    assert (third.attempt, third.episode_id) == (3, "fix-bug-0-r1-attempt3")
    assert third.seed == 5


def test_groups_are_whole_and_stay_together() -> None:
    requests = plan(episodes_per_task=3, group_size=2)
    units = in_groups(requests, 2)
    assert [(one[0].task_id, [r.seed for r in one]) for one in units] == [
        ("s/fix bug", [5, 6]),
        ("s/other", [5, 6]),
        ("s/fix bug", [7, 8]),
        ("s/other", [7, 8]),
    ]
    assert [one[0].group_id for one in units] == [
        "fix-bug-group0-r1",
        "other-group0-r1",
        "fix-bug-group1-r1",
        "other-group1-r1",
    ]
    assert {r.group_id for one in units for r in one} == {one[0].group_id for one in units}
    assert {r.episode_id for r in plan(episodes_per_task=4)} == {r.episode_id for r in requests}


def test_what_is_left_of_a_group_is_a_group_and_without_groups_each_is_alone() -> None:
    left = plan(episodes_per_task=2, group_size=2)[1:]
    assert [len(one) for one in in_groups(left, 2)] == [1, 2]
    assert [len(one) for one in in_groups(plan(), 1)] == [1] * 4
