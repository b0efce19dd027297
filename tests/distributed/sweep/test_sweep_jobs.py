"""What jobs are known by, and what they came to."""

from __future__ import annotations

import pytest

from claudebox_rl.distributed.sweep.job import Job, identify
from claudebox_rl.distributed.sweep.search import Grid
from claudebox_rl.distributed.sweep.summary import Summary, summary_of

DEFAULTS = {
    "seed": 0,
    "model": {"upstream": "oracle", "options": {}},
    "rollout": {"num_workers": 2, "episodes_per_task": 1},
}


def settings(**changes: object) -> dict[str, object]:
    return {**DEFAULTS, **changes}


def test_a_job_is_known_by_what_it_plays() -> None:
    nop = settings(model={"upstream": "nop", "options": {}})
    assert identify(nop, DEFAULTS) == identify(dict(reversed(nop.items())), DEFAULTS)
    assert identify(nop, DEFAULTS) != identify(DEFAULTS, DEFAULTS)
    assert identify(nop, DEFAULTS) != identify({**nop, "seed": 1}, DEFAULTS)
    assert identify(settings(model={"upstream": "oracle", "options": {"a": 1}}), DEFAULTS) != identify(
        settings(model={"upstream": "oracle", "options": {"a": 2}}), DEFAULTS
    )


def test_where_a_job_is_played_does_not_count() -> None:
    defaults = DEFAULTS | {"out": None, "ray": {"address": "local"}}
    elsewhere = settings(rollout={"num_workers": 7, "episodes_per_task": 1}, out="there", ray={"address": "auto"})
    assert identify(elsewhere, defaults) == identify(defaults, defaults)
    more = settings(rollout={"num_workers": 2, "episodes_per_task": 8}, out=None, ray={"address": "local"})
    assert identify(more, defaults) != identify(defaults, defaults)


def test_the_same_job_is_in_a_grid_once() -> None:
    grid = Grid([Job("a", "r-a", ("x=1",)), Job("b", "r-b"), Job("a", "r-a", ("x=1", "y=0"))])
    assert [job.overrides for job in grid.jobs] == [("x=1",), ()]
    assert [grid.next(), grid.next(), grid.next()] == [*grid.jobs, None]


def row(episode_id: str, value: float | None, started_at: float = 100.0) -> dict[str, object]:
    return {
        "run_id": "run",
        "episode_id": episode_id,
        "episode_return": value,
        "valid_for_training": value is not None,
        "input_tokens": 10,
        "output_tokens": 5,
        "cost_usd": 0.5,
        "started_at": started_at,
        "ended_at": started_at + 2.0,
    }


def test_the_last_attempt_counts_and_all_are_paid_for() -> None:
    rows = [row("a-1-attempt2", 0.0, 103.0), row("a-0-again", 1.0, 105.0), row("a-1", None), row("a-2", None)]
    assert summary_of(rows) == Summary(
        episodes=3,
        mean_return=0.5,
        return_stderr=pytest.approx(0.5),
        valid_share=pytest.approx(2 / 3),
        input_tokens=40,
        output_tokens=20,
        cost_usd=2.0,
        seconds=8.0,
    )


def test_without_valid_episodes_there_is_no_mean() -> None:
    assert summary_of([row("a", None)]).mean_return is None
    assert summary_of([row("a", 0.25)]).return_stderr is None
    assert summary_of([]) == Summary()
