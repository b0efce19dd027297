from __future__ import annotations

from claudebox_rl.gateway.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed(is_trial=breaker.begin())


def test_failures_in_a_row_open_it_and_a_success_between_does_not_let_them_add_up():
    breaker = Breaker(3, clock=Clock())
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert not breaker.is_open
    assert breaker.wait_s() == 0
    fail(breaker, 1)
    assert breaker.is_open
    assert breaker.wait_s() == 1.0


def test_after_the_pause_one_call_is_the_trial_and_the_others_wait():
    clock = Clock()
    breaker = Breaker(1, clock=clock)
    fail(breaker, 1)
    clock.now = 1.0
    assert breaker.wait_s() == 0
    assert breaker.begin() is True
    assert breaker.wait_s() == 1.0
    breaker.succeeded()
    assert not breaker.is_open
    assert breaker.begin() is False


def test_a_trial_that_fails_doubles_the_pause_up_to_the_longest():
    clock = Clock()
    breaker = Breaker(1, 1.0, 5.0, clock)
    fail(breaker, 1)
    pauses = []
    for _ in range(4):
        clock.now += breaker.wait_s()
        fail(breaker, 1)
        pauses.append(breaker.wait_s())
    assert pauses == [2.0, 4.0, 5.0, 5.0]


def test_a_failure_of_a_call_from_before_is_not_the_trial_s():
    clock = Clock()
    breaker = Breaker(1, clock=clock)
    early = breaker.begin()
    fail(breaker, 1)
    clock.now = 1.0
    assert breaker.begin() is True
    breaker.failed(is_trial=early)
    assert breaker.wait_s() == 1.0, "the trial is still out"
    breaker.abandoned()
    assert breaker.wait_s() == 0, "the next call is the trial"
    breaker.begin()
    breaker.succeeded()
    fail(breaker, 1)
    assert breaker.wait_s() == 1.0, "the pause begins anew"
