"""Everything about a rollout that can be checked and chosen before a machine starts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from claudebox_rl.config import DeadlineConfig, PolicyConfig, RolloutConfig
from claudebox_rl.env.base import ClaudeBoxEnv
from claudebox_rl.env.loop import shared_loop
from claudebox_rl.env.seats import seat_class
from claudebox_rl.env.settings import EnvSettings
from claudebox_rl.errors import ConfigError
from claudebox_rl.playing.player import make_seat
from claudebox_rl.policies import Place, close_policy, make_policy
from claudebox_rl.sandbox.auto import Choice
from claudebox_rl.session.preflight import preflight
from claudebox_rl.trajectory.scrubbing.make import make_scrubber

_AT_LEAST_0 = ("num_workers", "backoff_s", "max_backoff_s")
_AT_LEAST_1 = (
    "sessions_per_worker",
    "episodes_per_task",
    "group_size",
    "branch_at",
    "max_attempts",
    "max_broken_workers",
    "max_in_flight",
    "breaker_window",
)
_ABOVE_0 = ("beat_interval_s", "beat_timeout_s")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What every worker makes its environments with."""

    env_kwargs: dict[str, Any]
    """Keywords of `ClaudeBoxEnv`, with the sandbox that was chosen."""
    task_ids: tuple[str, ...]
    sandbox: Choice


def prepare(env_kwargs: dict[str, Any], policy: PolicyConfig, rollout: RolloutConfig) -> Prepared:
    """Make everything once that can be made without a machine, and fix the choice of the sandbox for all workers.

    Raises:
        ConfigError: An unknown name, field or value.
        TaskError: A task is unknown, malformed, or can't be played on the chosen sandbox.
        SandboxStartError: `auto` found no backend that runs here.
    """
    env = make_seat(env_kwargs)
    assert isinstance(env.unwrapped, ClaudeBoxEnv)
    settings, tasks = env.unwrapped.settings, list(env.unwrapped.tasks.values())
    _check_branching(rollout, settings)
    close_policy(make_policy(policy, Place(settings.seat, env.action_space)))
    choice = shared_loop().run(
        preflight(settings.sandbox, settings.model, settings.agent, tasks, settings.skills, settings.security_policy)
    )
    sandbox = dataclasses.asdict(settings.sandbox) | {"name": choice.name}
    return Prepared(env_kwargs | {"sandbox": sandbox, "template": None}, tuple(t.task_id for t in tasks), choice)


def check_rollout(rollout: RolloutConfig) -> None:
    """Refuse numbers that make no rollout.

    Raises:
        ConfigError: Names the setting and its range, or what `scrub` lacks.
    """
    for names, least in ((_AT_LEAST_0, 0), (_AT_LEAST_1, 1)):
        for name in names:
            value = getattr(rollout, name)
            if value is not None and value < least:
                raise ConfigError(f"rollout.{name} must be at least {least}, not {value}", field=name)
    if rollout.branch_at is not None and rollout.group_size == 1:
        raise ConfigError("rollout.branch_at needs a group: rollout.group_size of at least 2", field="branch_at")
    make_scrubber(rollout.scrub, {})
    positive = {name: getattr(rollout, name) for name in _ABOVE_0}
    positive |= {f"deadlines.{f.name}": getattr(rollout.deadlines, f.name) for f in dataclasses.fields(DeadlineConfig)}
    for name, value in positive.items():
        if value is not None and not value > 0:
            raise ConfigError(f"rollout.{name} must be above 0, not {value}", field=name)


def _check_branching(rollout: RolloutConfig, settings: EnvSettings) -> None:
    if rollout.branch_at is None:
        return
    if not seat_class(settings.seat).can_fork:
        raise ConfigError(
            f"seat={settings.seat} can't branch, since the agent is at work between its steps: leave rollout.branch_at "
            f"out, or play seat=user or seat=shell",
            field="branch_at",
        )
    if rollout.branch_at >= settings.max_steps:
        raise ConfigError(
            f"rollout.branch_at={rollout.branch_at} is never reached: episodes end after "
            f"max_steps={settings.max_steps}",
            field="branch_at",
        )
