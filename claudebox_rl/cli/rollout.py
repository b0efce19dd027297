"""`claudebox-rl rollout`: from settings to a dataset and a table of results."""

from __future__ import annotations

import asyncio
import dataclasses
import time
import uuid
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from rich.console import Console

from claudebox_rl.cli.console import make_console
from claudebox_rl.cli.resuming import record_of, resumed_config
from claudebox_rl.cli.schema import RolloutApp, dataset_folder, load_config
from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.cli.watch import Watch
from claudebox_rl.config import RolloutConfig
from claudebox_rl.env.base import ClaudeBoxEnv
from claudebox_rl.errors import ConfigError
from claudebox_rl.playing.listener import Listener
from claudebox_rl.playing.plan import plan_episodes
from claudebox_rl.playing.player import EpisodePlayer, make_seat
from claudebox_rl.playing.run import opened_run
from claudebox_rl.policies import Place, close_policy, make_policy
from claudebox_rl.sandbox.auto import memory_file
from claudebox_rl.sandbox.reaper import reap
from claudebox_rl.session.preflight import preflight
from claudebox_rl.session.security.presets import find_security_policy
from claudebox_rl.session.templates.image import with_template
from claudebox_rl.types import EpisodeRequest


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
        0; 1 where an episode ended in `infra_error`; 130 where it was interrupted, after finished episodes were stored.

    Raises:
        ConfigError: Bad settings, or not those that the run was started with, or it is being driven by another process;
            nothing was started.
        TaskError: A task is unknown, malformed, or can't be played on the chosen sandbox; nothing was started.
        SandboxStartError: No sandbox can be had here.
        TrajectoryError: The dataset can't be written.
    """
    console = make_console(stderr=events)
    config, overrides = resumed_config(resume, overrides) if resume else (load_config(overrides), overrides)
    _check_counts(config.rollout)
    env_kwargs, task_ids = _check_environment(config, console)
    run_id = config.run or f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:4]}"
    dataset = dataset_folder(config, run_id)
    record = record_of(config, run_id, dataset, env_kwargs["sandbox"]["name"], overrides)
    requests = plan_episodes(
        task_ids,
        episodes_per_task=config.rollout.episodes_per_task,
        seed=config.seed,
        run_id=run_id,
        config=record.settings,
        overrides=overrides,
    )
    with opened_run(dataset, record, requests, max_attempts=config.rollout.max_attempts) as left:
        _print_plan(console, config, len(requests), len(left), dataset)
        watch = Watch(console, len(left), run_id, dataset, events=events)
        return _play_all(watch, config, left, env_kwargs, dataset)


def _play_all(
    watch: Watch,
    config: RolloutApp,
    requests: list[EpisodeRequest],
    env_kwargs: dict[str, Any],
    dataset: str | Path,
) -> int:
    reap()
    interrupted = False
    watch.tell_start(config, env_kwargs["sandbox"]["name"])
    with watch:
        try:
            if requests:
                _play(config, requests, env_kwargs, dataset, watch.listener)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            reap()
    return watch.close(interrupted=interrupted)


def _check_counts(rollout: RolloutConfig) -> None:
    for name, least in (("num_workers", 0), ("sessions_per_worker", 1), ("episodes_per_task", 1), ("max_attempts", 1)):
        value = getattr(rollout, name)
        if value < least:
            raise ConfigError(f"rollout.{name} must be at least {least}, not {value}", field=name)


def _check_environment(config: RolloutApp, console: Console) -> tuple[dict[str, Any], list[str]]:
    """Make everything once that can be made without a machine, and fix the choice of the sandbox for all workers."""
    task: Any = config.task
    security_policy = find_security_policy(config.security_policy)
    sandbox = with_template(config.sandbox, config.template)
    kwargs: dict[str, Any] = {
        "seat": config.seat,
        "task": task,
        "model": dataclasses.asdict(config.model),
        "agent": dataclasses.asdict(config.agent),
        "sandbox": dataclasses.asdict(sandbox),
        "rewards": config.reward,
        "max_steps": config.max_steps,
        "skills": config.skills,
        "security_policy": config.security_policy,
        "budget": dataclasses.asdict(config.budget),
    }
    env = make_seat(kwargs)
    assert isinstance(env.unwrapped, ClaudeBoxEnv)
    close_policy(make_policy(config.policy, Place(config.seat, env.action_space)))
    tasks = list(env.unwrapped.tasks.values())
    if config.sandbox.name == "auto" and not memory_file().exists():
        console.print("sandbox: trying once whether a micro-VM runs here, which may take some minutes")
    choice = asyncio.run(preflight(sandbox, config.model, config.agent, tasks, config.skills, security_policy))
    console.print(f"sandbox: {choice.name} ({one_line(choice.reason)})", markup=False, highlight=False, soft_wrap=True)
    kwargs["sandbox"]["name"] = choice.name
    return kwargs, [task.task_id for task in tasks]


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


def _play(
    config: RolloutApp,
    requests: list[EpisodeRequest],
    env_kwargs: dict[str, Any],
    dataset: str | Path,
    listener: Listener,
) -> None:
    if config.rollout.num_workers == 0:
        from claudebox_rl.playing.inline import play_inline

        player = EpisodePlayer(env_kwargs, config.policy, dataset, config.rollout.commit_interval_s)
        play_inline(requests, player, listener)
        return
    from claudebox_rl.distributed.runner import Runner, WorkerSpec

    spec = WorkerSpec(env_kwargs, config.policy, dataset)
    Runner(spec, config.rollout, config.ray, listener).run(requests)
