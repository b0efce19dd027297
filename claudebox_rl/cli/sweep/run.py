"""`claudebox-rl sweep`: many rollouts, one table and one dataset."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from claudebox_rl.cli.console import make_console
from claudebox_rl.cli.rollout.command import env_kwargs
from claudebox_rl.cli.rollout.resuming import record_of
from claudebox_rl.cli.schema import RolloutApp
from claudebox_rl.cli.sweep.jobs import JobPlan, JobPlans
from claudebox_rl.cli.sweep.line import SweepLine, read_line
from claudebox_rl.cli.sweep.progress import SweepProgress
from claudebox_rl.cli.sweep.search import check_search, make_search
from claudebox_rl.cli.sweep.table import Row, sweep_table, write_tables
from claudebox_rl.cli.untrusted import printable
from claudebox_rl.distributed.sweep.adaptive import Adaptive
from claudebox_rl.distributed.sweep.fit import jobs_that_fit
from claudebox_rl.distributed.sweep.folder import SweepFolder
from claudebox_rl.distributed.sweep.job import Job, digest
from claudebox_rl.distributed.sweep.play import JobPlayer
from claudebox_rl.distributed.sweep.rollout import JobRollout
from claudebox_rl.distributed.sweep.search import Grid
from claudebox_rl.distributed.sweep.summary import summarize
from claudebox_rl.playing.plan import plan_episodes
from claudebox_rl.playing.player import PlayerSpec
from claudebox_rl.playing.prepare import Prepared, check_rollout, prepare
from claudebox_rl.sandbox.reaper import reap
from claudebox_rl.trajectory import set_aside


def sweep(arguments: list[str], *, only_plan: bool = False) -> int:
    """Play every job that the settings say and that is not finished.

    Args:
        arguments: As on the command line.
        only_plan: Check the jobs and print them; play nothing.

    Returns:
        0; 1 where a job failed or an episode was lost to the infrastructure; 130 where it was interrupted.

    Raises:
        ConfigError: Bad settings of any job; nothing was started.
        TrajectoryError: The sweep's folder or its dataset can't be written.
    """
    console = make_console()
    line = read_line(arguments)
    check_search(line)
    plans = JobPlans(line, _prepare)
    planned = [plans.plan(chosen) for chosen in (line.grid() if line.is_grid else line.samples())]
    planned = list({plan.job_id: plan for plan in planned}.values())
    folder = SweepFolder(_path(line, planned))
    _print_plan(console, line, planned, folder)
    if only_plan:
        return 0
    with folder.owned() as sweep_id:
        search = make_search(line, plans, planned, folder, sweep_id)
        progress = _progress(console, line, planned, folder, sweep_id)
        interrupted = _play(line, plans, folder, search, progress)
        status = _report(console, folder, search, progress)
    if interrupted:
        _say(console, f"interrupted; go on with: {shlex.join(['claudebox-rl', 'sweep', *arguments])}")
    return 130 if interrupted else status


def _prepare(config: RolloutApp) -> Prepared:
    check_rollout(config.rollout)
    return prepare(env_kwargs(config), config.policy, config.rollout)


def _path(line: SweepLine, planned: Sequence[JobPlan]) -> Path:
    """Return the sweep's folder; one that nobody named follows from what is played, so that it is found again."""
    if line.out is not None:
        return Path(line.out).expanduser().absolute()
    what = sorted(plan.job_id for plan in planned), line.sweep.search
    name = "-".join(word.name.rsplit(".", 1)[-1].rsplit("/", 1)[-1] for word in line.swept)
    return Path(f"sweeps/{name}-{digest(what)[:8]}").absolute()


def _progress(
    console: Console, line: SweepLine, planned: Sequence[JobPlan], folder: SweepFolder, sweep_id: str
) -> SweepProgress:
    if line.is_grid:
        left = [plan.num_episodes for plan in planned if not folder.is_done(plan.job(sweep_id))]
        return SweepProgress(console, len(planned), sum(left))
    return SweepProgress(console, line.sweep.trials, line.sweep.trials * planned[0].num_episodes)


def _play(
    line: SweepLine, plans: JobPlans, folder: SweepFolder, search: Grid | Adaptive, progress: SweepProgress
) -> bool:
    """Play what is left; return whether it was interrupted."""

    def start(job: Job) -> JobRollout:
        config, prepared = plans[job.job_id].config, plans[job.job_id].prepared
        record = record_of(config, job.run_id, folder.dataset, prepared.sandbox.name, list(job.overrides))
        requests = plan_episodes(
            prepared.task_ids,
            episodes_per_task=config.rollout.episodes_per_task,
            group_size=config.rollout.group_size,
            seed=config.seed,
            run_id=job.run_id,
            config=record.settings,
            overrides=job.overrides,
        )
        spec = PlayerSpec(prepared.env_kwargs, config.policy, folder.dataset, config.rollout)
        return JobRollout(record, requests, spec, config.ray, progress.of(job, len(requests)))

    reap()
    for job in search.jobs:
        set_aside(folder.dataset, job.run_id)  # of all jobs, before the first one commits what it finds
    try:
        num_at_once = _num_at_once(line, plans) if progress.num_episodes else 1
        with progress.shown():
            JobPlayer(folder, start, num_at_once, progress.job_ended).run(search)
    except KeyboardInterrupt:
        return True
    finally:
        reap()
    return False


def _num_at_once(line: SweepLine, plans: JobPlans) -> int:
    rollout, cluster = plans.first.config.rollout, plans.first.config.ray
    if rollout.num_workers == 0:
        return 1
    num_fitting = jobs_that_fit(cluster, rollout.num_workers)
    return line.sweep.jobs or num_fitting


def _report(console: Console, folder: SweepFolder, search: Grid | Adaptive, progress: SweepProgress) -> int:
    summaries = summarize(folder.dataset, search.jobs)

    def row(job: Job) -> Row:
        state = "finished" if folder.is_done(job) else "failed" if job.job_id in progress.failed else "open"
        return job, state, summaries[job.job_id]

    rows = [row(job) for job in search.jobs]
    write_tables(rows, folder.path)
    console.print(sweep_table(rows, search.best()))
    for job, state, _ in rows:
        if state == "failed":
            _say(console, f"{job}: {progress.failed[job.job_id]}", "red")
    _say(console, f"table: {folder.path}/sweep.csv and .parquet; look closer: claudebox-rl show {folder.dataset}")
    return int(any(state != "finished" or (summary.valid_share or 0) < 1 for _, state, summary in rows))


def _print_plan(console: Console, line: SweepLine, planned: Sequence[JobPlan], folder: SweepFolder) -> None:
    first = planned[0]
    rollout = first.config.rollout
    where = f"{rollout.num_workers} Ray workers each" if rollout.num_workers else "this process"
    if line.is_grid:
        what = f"{len(planned)} jobs, {sum(plan.num_episodes for plan in planned)} episodes"
        for plan in planned:
            _say(console, f"  {plan.job_id}  {' '.join(f'{key}={value}' for key, value in plan.swept.items())}")
    else:
        what = f"{line.sweep.trials} trials of {first.num_episodes} episodes, chosen by {line.sweep.search}"
    _say(console, f"sweep: {what}, in {where}\nfolder: {folder.path}")


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(printable(text), style=style, markup=False, highlight=False, soft_wrap=True)
