"""An adaptive search by Optuna: each next job is chosen by what the finished ones came to.

The study lies in the sweep's folder, as a journal that Optuna's own tools read too. A trial is told when its job is
finished; one that a killed process left open is played on first.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudebox_rl.distributed.sweep.job import Job
from claudebox_rl.distributed.sweep.space import Choice, Dimension, Numbers
from claudebox_rl.errors import ClaudeBoxError, ConfigError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Objective:
    """One number of a job that the search makes as large or as small as it can."""

    metric: str
    maximize: bool = True


class Adaptive:
    """Asks Optuna for jobs until so many trials are finished.

    Args:
        journal: Where the study lies.
        name: Of the study; another space or objective needs another one.
        space: What is chosen, by key.
        objectives: At least one; with several, the best jobs are those that no other one beats in all.
        num_trials: Finished trials, those of earlier processes included.
        seed: Of the choices.
        make_job: Makes the job of a choice: what stands behind the `=`, by key.
        measure: Returns the objectives' values of a finished job; None where it has none.

    Raises:
        ConfigError: Optuna is not installed (extra `sweep`).
    """

    def __init__(
        self,
        *,
        journal: Path,
        name: str,
        space: Mapping[str, Dimension],
        objectives: Sequence[Objective],
        num_trials: int,
        seed: int,
        make_job: Callable[[Mapping[str, str]], Job],
        measure: Callable[[Job], Sequence[float] | None],
    ) -> None:
        self._study = _open_study(journal, name, objectives, seed)
        self._space = {key: _distribution(dimension) for key, dimension in space.items()}
        self._make_job, self._measure = make_job, measure
        self._trials: dict[str, list[int]] = {}
        """Numbers of the trials that wait for a job's end; several where the same was chosen again."""
        self._jobs: dict[int, Job] = {}
        """By the number of the trial that chose it."""
        self._left_open = deque(self._resume())
        done = sum(trial.state.name == "COMPLETE" for trial in self._study.trials)
        self._num_to_ask = max(0, num_trials - done - len(self._left_open))

    def next(self) -> Job | None:
        """See `Search.next`; a choice whose job is at work already is not given out again."""
        while self._left_open or self._num_to_ask > 0:
            if self._left_open:
                number = self._left_open.popleft()
            else:
                self._num_to_ask -= 1
                trial = self._study.ask(self._space)
                number = trial.number
                self._choose(number, trial.params)
            if number in self._jobs and self._is_new(number):
                return self._jobs[number]
        return None

    def tell(self, job: Job, *, finished: bool) -> None:
        """See `Search.tell`: a job without a value, or that failed, is a failed trial."""
        values = self._measure(job) if finished else None
        for number in self._trials.pop(job.job_id):
            if values is None:
                self._study.tell(number, state=_state("FAIL"))
            else:
                self._study.tell(number, list(values))

    @property
    def jobs(self) -> tuple[Job, ...]:
        """See `Search.jobs`."""
        return tuple({job.job_id: job for job in self._jobs.values()}.values())

    def best(self) -> tuple[str, ...]:
        """See `Search.best`: one, or with several objectives those that no other one beats in all."""
        trials = self._study.best_trials
        return tuple(self._jobs[trial.number].job_id for trial in trials if trial.number in self._jobs)

    def _choose(self, number: int, params: Mapping[str, Any]) -> None:
        """Make the job of a trial; one that is refused is a failed trial, and stops no other one."""
        try:
            self._jobs[number] = self._make_job({key: str(value) for key, value in params.items()})
        except ClaudeBoxError as error:
            log.warning("trial %d is no job: %s", number, error)
            self._study.tell(number, state=_state("FAIL"), skip_if_finished=True)

    def _is_new(self, number: int) -> bool:
        """Have a trial wait for its job, and say whether it is the first one to."""
        waiting = self._trials.setdefault(self._jobs[number].job_id, [])
        waiting.append(number)
        return len(waiting) == 1

    def _resume(self) -> list[int]:
        """Make the jobs of earlier processes' trials again; return those that were left open."""
        for trial in self._study.trials:
            if trial.params.keys() == self._space.keys():
                self._choose(trial.number, trial.params)
            elif not trial.state.is_finished():  # killed while it was being made
                self._study.tell(trial.number, state=_state("FAIL"))
        return [trial.number for trial in self._study.trials if not trial.state.is_finished()]


def _open_study(journal: Path, name: str, objectives: Sequence[Objective], seed: int) -> Study:
    if find_spec("optuna") is None:
        raise ConfigError("sweep.search=optuna needs Optuna: pip install 'claudebox_rl[sweep]'")
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    _heal(journal)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(journal))),
        study_name=name,
        directions=["maximize" if objective.maximize else "minimize" for objective in objectives],
        load_if_exists=True,
    )
    # The sampler's draws are not stored: counting on keeps a resumed study from drawing the same again.
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    return study


def _heal(journal: Path) -> None:
    """Undo what a killed process left half done; only the owner of the sweep's folder may call this."""
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)  # else Optuna waits for it for half a minute
    if journal.exists():
        data = journal.read_bytes()
        os.truncate(journal, data.rfind(b"\n") + 1)


def _distribution(dimension: Dimension) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    match dimension:
        case Choice(options):
            return CategoricalDistribution(options)
        case Numbers(int(low), int(high), step, is_log):
            return IntDistribution(low, high, log=is_log, step=int(step or 1))
        case Numbers(low, high, step, is_log):
            return FloatDistribution(low, high, log=is_log, step=step)


def _state(name: str) -> Any:
    from optuna.trial import TrialState

    return TrialState[name]
