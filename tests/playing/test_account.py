from __future__ import annotations

import pickle

import pytest

from claudebox_rl.playing.account import RunAccount
from claudebox_rl.types import Episode, EpisodeRequest, Flight, Outcome, Stage, Usage


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def request(index: int, task_id: str = "suite/a") -> EpisodeRequest:
    return EpisodeRequest(task_id=task_id, episode_id=f"e-{index}", run_id="r")


def episode(
    index: int, task_id: str = "suite/a", outcome: Outcome = Outcome.COMPLETED, reward: float = 1.0, **values: object
) -> Episode:
    error = {} if outcome is Outcome.COMPLETED else {"error_type": "SandboxError", "error_message": "no machine"}
    return Episode(
        episode_id=f"e-{index}",
        run_id="r",
        task_id=task_id,
        outcome=outcome,
        episode_return=reward if outcome.valid_for_training else None,
        usage=Usage(100, 10, 5),
        cost_usd=0.5,
        started_at=10.0,
        ended_at=14.0,
        **(error | values),
    )


def play(account: RunAccount, *episodes: Episode, again: bool = False) -> None:
    for one in episodes:
        account.began(EpisodeRequest(task_id=one.task_id, episode_id=one.episode_id))
        account.ended(one, again=again)


def test_invalid_episodes_are_no_part_of_the_mean_return() -> None:
    account = RunAccount(4)
    play(account, episode(1, reward=1.0), episode(2, reward=0.0), episode(3, outcome=Outcome.INFRA_ERROR))
    assert account.all.mean_return == 0.5
    assert account.all.valid_share == pytest.approx(2 / 3)
    assert account.all.num_failed == 1
    assert account.outcomes == {Outcome.COMPLETED: 2, Outcome.INFRA_ERROR: 1}
    assert (account.all.cost_usd, account.all.usage, account.all.mean_s) == (1.5, Usage(300, 30, 15), 4.0)


def test_a_run_that_has_not_begun_has_no_means_and_no_rate() -> None:
    account = RunAccount(4)
    assert (account.all.mean_return, account.all.valid_share, account.all.mean_s) == (None, None, None)
    assert (account.rate, account.eta_s, account.num_total) == (None, None, 4)


def test_a_lost_attempt_costs_but_does_not_count() -> None:
    account = RunAccount(1)
    play(account, episode(1, outcome=Outcome.INFRA_ERROR), again=True)
    assert (account.all.num_episodes, account.num_lost, account.failures) == (0, 1, [])
    assert (account.all.cost_usd, account.all.usage.input_tokens) == (0.5, 100)
    play(account, episode(2))
    assert (account.all.num_episodes, account.all.num_valid, account.all.cost_usd) == (1, 1, 1.0)


def test_tasks_are_summed_apart() -> None:
    account = RunAccount(3)
    play(account, episode(1, "suite/a"), episode(2, "suite/b", reward=0.0), episode(3, "suite/b", reward=0.5))
    assert {name: (sums.num_episodes, sums.mean_return) for name, sums in account.tasks.items()} == {
        "suite/a": (1, 1.0),
        "suite/b": (2, 0.25),
    }


def test_what_is_being_played_is_known() -> None:
    clock = Clock()
    account = RunAccount(2, clock)
    account.began(request(1))
    clock.now = 3.0
    account.began(request(2))
    account.ended(episode(1), again=False)
    assert [(one.request.episode_id, one.since) for one in account.playing.values()] == [("e-2", 3.0)]


def test_what_workers_tell_is_known_of_what_is_being_played() -> None:
    clock = Clock()
    account = RunAccount(3, clock)
    for index in (1, 2, 3):
        account.began(request(index))
    clock.now = 9.0
    stages = {1: Stage.QUEUED, 2: Stage.AGENT, 7: Stage.VERIFY}
    account.beat([Flight(f"e-{index}", "suite/a", stage, 4.0) for index, stage in stages.items()])
    assert [(one.stage, one.since) for one in account.playing.values()] == [
        (Stage.QUEUED, 5.0),
        (Stage.AGENT, 5.0),
        (None, 0.0),
    ]
    assert account.num_machines == 1


def test_rate_and_eta_are_those_of_late_and_fall_while_nothing_ends() -> None:
    clock = Clock()
    account = RunAccount(400, clock)
    clock.now = 20.0  # the start of the cluster is no part of the rate
    for _ in range(10):
        account.began(request(0))
        clock.now += 10.0
        account.ended(episode(0), again=False)
    assert account.rate == pytest.approx(0.1)
    assert account.eta_s == pytest.approx(3900)
    for _ in range(190):
        account.began(request(0))
        clock.now += 1.0
        account.ended(episode(0), again=False)
    assert account.rate == pytest.approx(1.0)
    assert account.eta_s == pytest.approx(200)
    clock.now += 99.0
    assert account.rate == pytest.approx(0.5)
    assert account.elapsed_s == 20 + 100 + 190 + 99


def test_more_episodes_than_planned_are_a_greater_total() -> None:
    account = RunAccount(1)
    play(account, episode(1), episode(2))
    account.began(request(3))
    assert account.num_total == 3


def test_it_does_not_grow_with_the_run() -> None:
    account = RunAccount(20_000)
    failed = {"outcome": Outcome.INFRA_ERROR, "error_message": "x" * 5000}

    def play_many(first: int) -> int:
        for index in range(first, first + 5_000):
            account.began(request(index))
            account.ended(episode(index, **(failed if index % 2 else {})), again=False)
        return len(pickle.dumps((account.all, account.tasks, account.failures, account.playing, list(account._ends))))

    before = play_many(0)
    assert play_many(5_000) <= before + 16  # wider integers
    assert account.all.num_failed == 5_000
    assert account.failures[0].episode_id == "e-1"
    assert max(len(failure.message) for failure in account.failures) == 500
