"""A sweep's command line, in Hydra's own syntax."""

from __future__ import annotations

import pytest

from claudebox_rl.cli.sweep.line import read_line
from claudebox_rl.cli.sweep.search import check_search, objectives
from claudebox_rl.distributed.sweep.adaptive import Objective
from claudebox_rl.distributed.sweep.space import Choice, Numbers
from claudebox_rl.errors import ConfigError


def jobs_of(*arguments: str) -> list[tuple[str, ...]]:
    line = read_line(arguments)
    return [line.overrides(chosen) for chosen in line.grid()]


def test_every_combination_in_the_order_of_the_line() -> None:
    assert jobs_of("model=oracle,nop", "seed=3", "reward=success,[safety,efficiency]") == [
        ("model=oracle", "seed=3", "reward=success"),
        ("model=oracle", "seed=3", "reward=[safety,efficiency]"),
        ("model=nop", "seed=3", "reward=success"),
        ("model=nop", "seed=3", "reward=[safety,efficiency]"),
    ]


@pytest.mark.parametrize(
    ("argument", "values"),
    [
        ("seed=range(1,4)", ["seed=1", "seed=2", "seed=3"]),
        ("max_steps=choice(1,8)", ["max_steps=1", "max_steps=8"]),
        ("model=glob([n*,o*],exclude=openai)", ["model=nop", "model=oracle"]),
        ("+policy.options.text='a, b',c", ["+policy.options.text='a, b'", "+policy.options.text=c"]),
        ("agent.timeout_s=range(0.5,1.5,0.5)", ["agent.timeout_s=0.5", "agent.timeout_s=1.0"]),
    ],
)
def test_hydras_ways_to_give_several_values(argument: str, values: list[str]) -> None:
    assert jobs_of(argument) == [(value,) for value in values]


def test_what_a_search_chooses_from() -> None:
    line = read_line(
        [
            "model=oracle,nop",
            "agent.max_turns=int(interval(1,20))",
            "agent.timeout_s=tag(log,interval(1,100))",
            "max_steps=range(2,9,3)",
            "sweep.search=optuna",
        ]
    )
    assert [word.dimension for word in line.swept] == [
        Choice(("oracle", "nop")),
        Numbers(1, 20),
        Numbers(1.0, 100.0, is_log=True),
        Numbers(2, 8, step=3),
    ]
    assert list(line.samples()) == [
        {"model": "oracle", "agent.max_turns": "1", "agent.timeout_s": "1.0", "max_steps": "2"},
        {"model": "nop", "agent.max_turns": "20", "agent.timeout_s": "100.0", "max_steps": "8"},
    ]


def test_the_sweeps_own_settings_are_no_jobs() -> None:
    line = read_line(["model=oracle,nop", "sweep.jobs=3", "out=there", "sweep.minimize=[cost_usd,seconds]"])
    assert (line.out, line.sweep.jobs) == ("there", 3)
    assert line.overrides({"model": "nop"}) == ("model=nop",)
    assert objectives(line.sweep) == [Objective("cost_usd", maximize=False), Objective("seconds", maximize=False)]
    assert objectives(read_line(["seed=1,2"]).sweep) == [Objective("mean_return")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model=nop"], "nothing is swept: .*model=oracle,nop"),
        (["model=nop,oracle", "model=nop,scripted"], "model can't be swept twice"),
        (["out=a,b"], "out can't be swept"),
        (["seed=1,2", "out='s3://bucket/sweep'"], "one of this machine"),
        (["seed=1,2", "run=mine"], "run can't be given"),
        (["rollout.num_workers=1,2"], r"rollout\.num_workers can't be swept"),
        (["sweep.jobs=1,2", "seed=1,2"], r"sweep\.jobs can't be swept"),
        (["agent.timeout_s=interval(1,2)"], r"sweep\.search=optuna"),
        (["agent.timeout_s=interval(2,1)"], "the first number must be less"),
        (["model=glob(x*)"], "nothing to choose from"),
        (["model=oracle,(nop"], r"model=oracle,\(nop"),
        (["seed=1,2", "sweep.job=3"], "known keys: jobs, search, trials"),
        (["seed=1,2", "sweep.jobs=0"], r"sweep\.jobs must be at least 1"),
        (["seed=1,2", "sweep.search=random"], "one of grid, optuna"),
        (["seed=1,2", "sweep.maximize=reward"], "no column 'reward' .*known: episodes, mean_return"),
        (["seed=1,2", "sweep.maximize=seconds", "sweep.minimize=seconds"], "each column once"),
    ],
)
def test_lines_that_are_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        grid_of(arguments)


def grid_of(arguments: list[str]) -> list[dict[str, str]]:
    line = read_line(arguments)
    check_search(line)
    return list(line.grid())
