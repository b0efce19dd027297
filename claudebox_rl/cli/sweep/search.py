"""How a sweep's command line becomes a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from claudebox_rl.cli.sweep.jobs import JobPlan, JobPlans
from claudebox_rl.cli.sweep.line import SweepLine
from claudebox_rl.cli.sweep.table import METRICS
from claudebox_rl.config import SweepConfig
from claudebox_rl.distributed.sweep.adaptive import Adaptive, Objective
from claudebox_rl.distributed.sweep.folder import SweepFolder
from claudebox_rl.distributed.sweep.job import Job, digest
from claudebox_rl.distributed.sweep.search import Grid
from claudebox_rl.distributed.sweep.summary import summarize
from claudebox_rl.errors import ConfigError

SEARCHES = ("grid", "optuna")
_DEFAULT = Objective("mean_return")


def check_search(line: SweepLine) -> None:
    """Refuse a sweep that is none, before any job is composed.

    Raises:
        ConfigError: Names the setting.
    """
    if not line.swept:
        raise ConfigError("nothing is swept: give a setting several values, such as model=oracle,nop")
    if line.sweep.search not in SEARCHES:
        raise ConfigError(f"sweep.search must be one of {', '.join(SEARCHES)}, not {line.sweep.search!r}")
    for name, value in (("jobs", line.sweep.jobs), ("trials", line.sweep.trials)):
        if value is not None and value < 1:
            raise ConfigError(f"sweep.{name} must be at least 1, not {value}", field=name)
    objectives(line.sweep)


def objectives(sweep: SweepConfig) -> list[Objective]:
    """Return what an adaptive search is after; by default the mean return.

    Raises:
        ConfigError: There is no such column, or it is both maximized and minimized.
    """
    found = [Objective(name) for name in _names(sweep.maximize)]
    found += [Objective(name, maximize=False) for name in _names(sweep.minimize)]
    for objective in found:
        if objective.metric not in METRICS:
            raise ConfigError(f"sweep: no column {objective.metric!r} to search by; known: {', '.join(METRICS)}")
    if len({objective.metric for objective in found}) < len(found):
        raise ConfigError("sweep.maximize and sweep.minimize: each column once")
    return found or [_DEFAULT]


def make_search(
    line: SweepLine, plans: JobPlans, planned: Sequence[JobPlan], folder: SweepFolder, sweep_id: str
) -> Grid | Adaptive:
    """Return the search.

    Raises:
        ConfigError: Optuna is not installed.
    """
    if line.is_grid:
        return Grid(plan.job(sweep_id) for plan in planned)
    goals = objectives(line.sweep)
    space = {word.name: word.dimension for word in line.swept}

    def make_job(chosen: Mapping[str, str]) -> Job:
        return plans.plan(chosen).job(sweep_id)

    def measure(job: Job) -> list[float] | None:
        summary = asdict(summarize(folder.dataset, [job])[job.job_id])
        values = [summary[goal.metric] for goal in goals]
        return None if None in values else [float(value) for value in values]

    return Adaptive(
        journal=folder.study,
        name=digest([{name: asdict(dimension) for name, dimension in space.items()}, [asdict(g) for g in goals]]),
        space=space,
        objectives=goals,
        num_trials=line.sweep.trials,
        seed=line.sweep.seed,
        make_job=make_job,
        measure=measure,
    )


def _names(given: Any) -> list[str]:
    if isinstance(given, list):
        return [str(name) for name in cast("list[Any]", given)]
    return [] if given is None else [str(given)]
