"""One opening of a session: its machine, with the agent at work in it."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import cast

from claudebox_rl._stages import in_stage
from claudebox_rl.agent import Agent, AgentContext, Endpoint, PromptOptions, agent_class
from claudebox_rl.errors import SandboxStartError, SandboxTimeoutError
from claudebox_rl.gateway import GatewayEpisode, shared_gateway
from claudebox_rl.sandbox import Mount, Sandbox
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.sandbox.spec import Network
from claudebox_rl.session.keeping.folder import SessionFolder
from claudebox_rl.session.keeping.log import SessionLog
from claudebox_rl.session.keeping.meter import Meter
from claudebox_rl.session.machine import ground, make_sandbox, prepare_workdir
from claudebox_rl.session.model import lane_settings, make_model, model_prices
from claudebox_rl.session.security.fill import fill_workspace, is_filled_before
from claudebox_rl.session.security.guard import PolicyGuard
from claudebox_rl.session.settings import SessionSettings
from claudebox_rl.session.skills.load import NO_SKILLS, LoadedSkills, load_skills
from claudebox_rl.session.skills.scrub import scrub
from claudebox_rl.session.starts import turn_to_start
from claudebox_rl.session.verification.judging import Judging, begin_judging
from claudebox_rl.types import Stage


@dataclass(frozen=True, slots=True)
class Opening:
    """What is there while a session is open."""

    sandbox: Sandbox
    agent: Agent
    meter: Meter
    gateway_episode: GatewayEpisode | None
    """None for agents that ask no model."""
    skills: LoadedSkills
    boot_s: float
    setup_s: float
    judging: Judging | None = None
    """None without a task."""
    queued_s: float = 0.0
    """Until the machine's turn to start came."""


async def open_session(
    stack: AsyncExitStack,
    settings: SessionSettings,
    folder: SessionFolder | None,
    log: SessionLog,
    episode_id: str,
    options: PromptOptions,
) -> Opening:
    """Boot the machine, put the task's files in, and start the agent.

    Args:
        stack: Takes what ends it all, whether this returns or raises.
        settings: What is asked for.
        folder: The session's, open; None: nothing is kept.
        log: The session's.
        episode_id: Tag of the model calls.
        options: Of the first prompt.

    Raises:
        ClaudeBoxError: As `ClaudeBox.open`.
    """
    started = time.monotonic()
    workspace = folder.workspace if folder else None
    skills = NO_SKILLS
    if settings.skills:
        skills = await load_skills(settings.skills, await ground(settings.sandbox, settings.task))
    if folder is not None and skills.secrets:
        scrub(folder.agent, skills.secrets)
        stack.callback(scrub, folder.agent, skills.secrets)
    is_filled = is_filled_before(settings.security_policy, settings.task)
    if is_filled and settings.task is not None:
        workspace = fill_workspace(stack, settings.task, workspace)
    mounts = (*_mounts(settings, folder), *skills.mounts)
    async with turn_to_start(settings.sandbox.max_starts) as queued_s, in_stage(Stage.START, SandboxStartError):
        sandbox = await make_sandbox(
            settings.sandbox, settings.task, mounts, workspace, settings.env, settings.security_policy
        )
        log.begin(sandbox)
        stack.callback(log.end_machine)
        await stack.enter_async_context(sandbox)
    meter = log.measure(sandbox)
    booted = time.monotonic()
    async with in_stage(Stage.SETUP, SandboxTimeoutError):
        for host_port, port in settings.ports:
            await sandbox.publish_port(port, host_port)
        is_fresh = folder is None or not folder.record.is_prepared
        if is_fresh:
            await prepare_workdir(sandbox, settings.task)
        judging = await _begin_judging(stack, sandbox, settings, is_fresh=is_fresh)
        episode = await _open_episode(stack, sandbox, settings, skills, episode_id)
        agent = await _start_agent(stack, sandbox, settings, skills, log, episode, options)
    log.ready()
    boot_s, setup_s = booted - started - queued_s, time.monotonic() - booted
    return Opening(sandbox, agent, meter, episode, skills, boot_s, setup_s, judging, queued_s)


async def open_fork(
    stack: AsyncExitStack,
    settings: SessionSettings,
    parent: Opening,
    sandbox: Sandbox,
    log: SessionLog,
    episode_id: str,
    options: PromptOptions,
) -> Opening:
    """Start the agent on a fork of a session's machine, where the parent's agent stands.

    Args:
        stack: Takes what ends it all, the machine too.
        settings: The parent's.
        parent: The session that was forked, settled.
        sandbox: The fork, started.
        log: The new session's.
        episode_id: Tag of its model calls.
        options: Of the first prompt.

    Raises:
        ClaudeBoxError: As `ClaudeBox.open`.
    """
    started = time.monotonic()
    log.begin(sandbox)
    stack.callback(log.end_machine)
    stack.push_async_callback(sandbox.stop)
    meter = log.measure(sandbox)
    episode = await _open_episode(stack, sandbox, settings, parent.skills, episode_id)
    if episode is not None and parent.gateway_episode is not None:
        episode.upstream.follow(parent.gateway_episode.upstream)
    agent = await _start_agent(stack, sandbox, settings, parent.skills, log, episode, options, parent.agent)
    log.ready()
    judging = parent.judging.of_fork(sandbox) if parent.judging else None
    if judging is not None:
        stack.push_async_callback(judging.close)
    return Opening(sandbox, agent, meter, episode, parent.skills, 0.0, time.monotonic() - started, judging)


async def _begin_judging(
    stack: AsyncExitStack, sandbox: Sandbox, settings: SessionSettings, *, is_fresh: bool
) -> Judging | None:
    if settings.task is None:
        return None
    policy = settings.security_policy
    judging = await begin_judging(
        sandbox,
        settings.task,
        is_fresh=is_fresh,
        most_open=cast("Network | None", policy.network_access if policy else settings.sandbox.network),
        max_starts=settings.sandbox.max_starts,
    )
    stack.push_async_callback(judging.close)
    return judging


def _mounts(settings: SessionSettings, folder: SessionFolder | None) -> tuple[Mount, ...]:
    program = agent_class(settings.agent.name)
    own: tuple[Mount, ...] = ()
    if folder is not None and program.state_target is not None:
        own = (Mount(folder.agent, program.state_target, read_only=False),)
    return (*program.mounts(), *own, *settings.volumes)


async def _open_episode(
    stack: AsyncExitStack, sandbox: Sandbox, settings: SessionSettings, skills: LoadedSkills, episode_id: str
) -> GatewayEpisode | None:
    if not agent_class(settings.agent.name).needs_model:
        return None
    upstream = make_model(
        settings.model,
        settings.task,
        root=sandbox.root,
        keys=settings.keys,
        episode_id=episode_id,
        seed=settings.seed,
    )
    gateway = await stack.enter_async_context(shared_gateway())
    episode = gateway.open_episode(
        episode_id,
        upstream,
        named_secrets=skills.secrets,
        budget=settings.budget,
        lane=lane_settings(settings.model),
        prices=model_prices(settings.model),
    )
    stack.callback(episode.close)
    return episode


async def _start_agent(
    stack: AsyncExitStack,
    sandbox: Sandbox,
    settings: SessionSettings,
    skills: LoadedSkills,
    log: SessionLog,
    episode: GatewayEpisode | None,
    options: PromptOptions,
    parent: Agent | None = None,
) -> Agent:
    task, config = settings.task, settings.agent
    endpoint = None
    log.hide((episode.secret, *episode.upstream.secrets) if episode else (), skills.secrets)
    if episode is not None:
        gateway = await stack.enter_async_context(shared_gateway())
        address = await sandbox.expose_host_port(gateway.port)
        endpoint = Endpoint(f"http://{address}{episode.path}", episode.secret, episode.upstream.model)
    cwd, policy = (task and task.workdir) or WORKSPACE, settings.security_policy
    last = (PolicyGuard(policy, sandbox, cwd, skills.plugins),) if policy and policy.judges_calls else ()
    context = AgentContext(
        sandbox=sandbox,
        config=config,
        cwd=cwd,
        endpoint=endpoint,
        env={
            **await skills.environment(sandbox),
            **(task.solution_env if task and agent_class(config.name).plays_solution else {}),
        },
        plugins=skills.plugins,
        secrets=skills.secrets,
        solution=task.solution_files() if task else {},
        options=options,
        conversation=log.conversation(),
        on_action=log.action,
        guards=(*settings.guards, *last),
        seed=settings.seed,
    )
    agent = agent_class(config.name)(context)
    if parent is not None:
        agent.follow(parent)
    stack.push_async_callback(agent.stop)
    await agent.start()
    return agent
