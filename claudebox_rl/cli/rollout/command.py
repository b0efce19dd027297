"""`claudebox-rl rollout`: from settings to a dataset and a table of results."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from rich.console import Console

from claudebox_rl.cli.console import make_console
from claudebox_rl.cli.rollout.resuming import record_of, resumed_config
from claudebox_rl.cli.rollout.watch import Watch
from claudebox_rl.cli.schema import RolloutApp, dataset_folder, load_config
from claudebox_rl.cli.untrusted import one_line, printable
from claudebox_rl.distributed.rollout import Rollout, new_run_id
from claudebox_rl.errors import RolloutError
from claudebox_rl.playing.plan import in_groups, plan_episodes
from claudebox_rl.playing.player import PlayerSpec
from claudebox_rl.playing.prepare import Prepared, check_rollout, prepare
from claudebox_rl.playing.run import opened_run
from claudebox_rl.sandbox.auto import memory_file
from claudebox_rl.sandbox.reaper import reap


def print_config(overrides: list[str]) -> int:
    """Print the resolved settings as YAML."""
    make_console().print(OmegaConf.to_yaml(OmegaConf.structured(load_config(overrides))), markup=False, highlight=False)
    return 0


def rollout(overrides: list[str], resume: str | None = None, *, events: bool = False) -> int:
    """Play what the settings say, as far as it is not stored already.

    Args:
        overrides: As on the command line.
        resume: The dataset of a run to go on with, by the settings that are stored there.
        events: Write events as JSON to standard output, and everything else to standard error.

    Returns:
        0; 1 where an episode ended in `infra_error`, or the run was stopped since it failed everywhere; 130 where it
        was interrupted, after finished episodes were stored.

    Raises:
        ConfigError: Bad settings, or not those that the run was started with, or it is being driven by another process;
            nothing was started.
        TaskError: A task is unknown, malformed, or can't be played on the chosen sandbox; nothing was started.
        SandboxStartError: No sandbox can be had here.
        TrajectoryError: The dataset can't be written.
    """
    console = make_console(stderr=events)
    config, overrides = resumed_config(resume, overrides) if resume else (load_config(overrides), overrides)
    prepared = _check(config, console)
    run_id = config.run or new_run_id()
    dataset = dataset_folder(config, run_id)
    record = record_of(config, run_id, dataset, prepared.sandbox.name, overrides)
    requests = plan_episodes(
        prepared.task_ids,
        episodes_per_task=config.rollout.episodes_per_task,
        group_size=config.rollout.group_size,
        seed=config.seed,
        run_id=run_id,
        config=record.settings,
        overrides=overrides,
    )
    with opened_run(dataset, record, requests, max_attempts=config.rollout.max_attempts) as left:
        _print_plan(console, config, len(requests), len(left), dataset)
        watch = Watch(console, len(left), run_id, dataset, events=events)
        watch.tell_start(config, prepared.sandbox.name)
        spec = PlayerSpec(prepared.env_kwargs, config.policy, dataset, config.rollout)
        units = in_groups(left, config.rollout.group_size)
        return _play(Rollout(units, spec, config.ray, run_id=run_id, listener=watch.listener), watch, console)


def _play(rollout: Rollout, watch: Watch, console: Console) -> int:
    reap()
    interrupted = False
    stopped: RolloutError | None = None
    with watch:
        try:
            for _ in rollout:
                pass
        except KeyboardInterrupt:
            interrupted = True
        except RolloutError as error:
            stopped = error
        finally:
            reap()
    status = watch.close(interrupted=interrupted)
    if stopped is not None:
        console.print(printable(f"error: {stopped}"), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    return status


def _check(config: RolloutApp, console: Console) -> Prepared:
    """Check the settings, and say which sandbox it will be."""
    check_rollout(config.rollout)
    if config.sandbox.name == "auto" and not memory_file().exists():
        console.print("sandbox: trying once whether a micro-VM runs here, which may take some minutes")
    prepared = prepare(env_kwargs(config), config.policy, config.rollout)
    name, reason = prepared.sandbox.name, one_line(prepared.sandbox.reason)
    console.print(f"sandbox: {name} ({reason})", markup=False, highlight=False, soft_wrap=True)
    return prepared


def env_kwargs(config: RolloutApp) -> dict[str, Any]:
    """Return the keywords of the environments that the settings ask for."""
    return {
        "seat": config.seat,
        "task": config.task,
        "model": dataclasses.asdict(config.model),
        "agent": dataclasses.asdict(config.agent),
        "sandbox": dataclasses.asdict(config.sandbox),
        "template": config.template,
        "rewards": config.reward or [],
        "max_steps": config.max_steps,
        "keep_workspace": config.keep_workspace,
        "skills": config.skills,
        "security_policy": config.security_policy,
        "budget": dataclasses.asdict(config.budget),
    }


def _print_plan(console: Console, config: RolloutApp, num_all: int, num_left: int, dataset: str | Path) -> None:
    workers = config.rollout.num_workers
    where = f"{workers} Ray workers" if workers else "this process"
    stored = f" ({num_all - num_left} of {num_all} are stored or given up)" if num_left < num_all else ""
    console.print(
        f"rollout: {num_left} episodes{stored}, model {config.model.upstream}, agent {config.agent.name}, in {where}\n"
        f"dataset: {dataset}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
