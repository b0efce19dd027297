"""Everything that can be found wrong with a session before a machine starts."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from claudebox_rl.agent import agent_class
from claudebox_rl.config import AgentConfig, ModelConfig, SandboxConfig
from claudebox_rl.errors import TaskError
from claudebox_rl.sandbox import sandbox_class
from claudebox_rl.sandbox.auto import Choice
from claudebox_rl.session.machine import check_backend, choose, ground, make_spec
from claudebox_rl.session.model import make_model
from claudebox_rl.session.security.check import check_session
from claudebox_rl.session.security.enforce import make_secured
from claudebox_rl.session.security.policy import SecurityPolicy
from claudebox_rl.session.skills.load import load_skills
from claudebox_rl.session.skills.registry import find_skills
from claudebox_rl.session.task_image import with_task_image
from claudebox_rl.tasks import Task

log = logging.getLogger(__name__)


async def preflight(
    sandbox: SandboxConfig,
    model: ModelConfig,
    agent: AgentConfig,
    tasks: Iterable[Task],
    skills: Sequence[str] = (),
    policy: SecurityPolicy | None = None,
) -> Choice:
    """Check that every task can be played as configured.

    Args:
        sandbox: Which machine; `auto` is decided here.
        model: Which model; asked for only by agents that need one.
        agent: Which agent.
        tasks: What will be played.
        skills: Names of skills that each session loads beside its task's; those not yet installed are installed here,
            before many sessions would wait for one of them.
        policy: Of each session.

    Returns:
        The sandbox backend and, in a few words, why.

    Raises:
        ConfigError: The sandbox, the model or the agent can't be had as configured.
        TaskError: A task can't be played on that sandbox, or has no solution for an agent or a model that plays it.
        AgentError: The agent's program is not installed.
        SkillError: A skill is unknown, or can't be installed.
        SandboxStartError: `auto` found no backend that runs here.
    """
    program = agent_class(agent.name)
    program.check(agent)
    mounts = program.mounts()
    placed = [with_task_image(sandbox, task) for task in tasks] or [with_task_image(sandbox, None)]
    choice = await choose(*placed[0])
    backend = sandbox_class(choice.name)
    for config, task in placed:
        if task is None:
            continue
        if task.unread:
            log.warning("task %s: nobody reads %s in its task.toml", task.task_id, ", ".join(task.unread))
        check_backend(task, backend, config.image)
        if policy is not None:
            check_session(policy, config, agent, task)
        make_secured(backend, make_spec(backend, config, task, mounts, None, policy=policy), policy)
        if program.needs_model:
            make_model(model, task, root="")
        if program.plays_solution and "solve.sh" not in task.solution_files():
            raise TaskError(
                f"task {task.task_id} has no solution/solve.sh for agent={agent.name} to run", task_id=task.task_id
            )
    for of_task, kind in {
        (task.skills if task else (), await ground(replace(config, name=choice.name), task)) for config, task in placed
    }:
        if loaded := find_skills(skills, of_task):
            await load_skills(loaded, kind)
    return choice
