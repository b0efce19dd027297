"""The jobs of a sweep, composed and checked before anything starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from claudebox_rl.cli.schema import RolloutApp, load_config
from claudebox_rl.cli.sweep.line import SweepLine
from claudebox_rl.distributed.sweep.job import Job, identify
from claudebox_rl.errors import ClaudeBoxError, ConfigError
from claudebox_rl.playing.prepare import Prepared


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What one job plays."""

    job_id: str
    overrides: tuple[str, ...]
    swept: Mapping[str, str]
    config: RolloutApp
    prepared: Prepared

    @property
    def num_episodes(self) -> int:
        """Episodes that it is made of."""
        rollout = self.config.rollout
        num_groups = -(-rollout.episodes_per_task // rollout.group_size)
        return len(self.prepared.task_ids) * num_groups * rollout.group_size

    def job(self, sweep_id: str) -> Job:
        """Return it as a job of a sweep."""
        return Job(self.job_id, f"{sweep_id}-{self.job_id}", self.overrides, self.swept)


class JobPlans:
    """Plans jobs, each once.

    Args:
        line: The command line.
        prepare: Checks a job's settings.
    """

    def __init__(self, line: SweepLine, prepare: Callable[[RolloutApp], Prepared]) -> None:
        self._line, self._prepare = line, prepare
        self._defaults = dataclasses.asdict(load_config([]))
        self._plans: dict[str, JobPlan] = {}
        """In the order in which they were planned."""

    def plan(self, chosen: Mapping[str, str]) -> JobPlan:
        """Compose the settings of a choice, and check them.

        Raises:
            ClaudeBoxError: They are refused; the message names the job.
        """
        overrides = self._line.overrides(chosen)
        name = " ".join(f"{key}={value}" for key, value in chosen.items())
        try:
            config = load_config(list(overrides))
            job_id = identify(dataclasses.asdict(config), self._defaults)
            if job_id not in self._plans:
                prepared = self._prepare(config)
                self._plans[job_id] = JobPlan(job_id, overrides, dict(chosen), config, prepared)
        except ClaudeBoxError as error:
            raise ConfigError(f"job {name}: {error}", job=name) from error
        return self._plans[job_id]

    @property
    def first(self) -> JobPlan:
        """The one that was planned first; where to play is the same for all."""
        return next(iter(self._plans.values()))

    def __getitem__(self, job_id: str) -> JobPlan:
        return self._plans[job_id]
