"""A ClaudeBox: a sandbox, an agent in it, a workspace and a log, as one async context manager."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from types import TracebackType
from typing import Any, Self

from claudebox_rl.agent import Agent, AgentContext, Endpoint, PromptOptions, agent_class
from claudebox_rl.config import AgentConfig, ModelConfig, SandboxConfig, parse
from claudebox_rl.errors import ClaudeBoxError, ConfigError
from claudebox_rl.gateway import GatewayEpisode, shared_gateway
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.session.changes import Tree, compare, read_tree
from claudebox_rl.session.folder import SessionFolder
from claudebox_rl.session.machine import ground, make_sandbox, prepare_workdir
from claudebox_rl.session.model import make_model
from claudebox_rl.session.reward import RewardFn, check_reward_fn, needs_changes, rewarded
from claudebox_rl.session.skills.load import NO_SKILLS, load_skills
from claudebox_rl.session.skills.redact import redacted
from claudebox_rl.session.skills.registry import find_skills
from claudebox_rl.session.skills.skill import Skill
from claudebox_rl.tasks import Task, find_tasks
from claudebox_rl.types import CodeResult, ModelCall, Usage, VerifierResult
from claudebox_rl.verifier import verify


class ClaudeBox:
    """A session with a coding agent at work in an isolated machine.

    ```python
    async with ClaudeBox(model="anthropic") as box:
        result = await box.code("Write fib.py and a test for it, and run the test")
        print(result.success, result.response, len(result.action_log))
    ```

    Everything given is checked when the object is made; machines start in `open` (or `async with`), and `close` ends
    them.

    Args:
        task: A task, or a selector of exactly one (`"quickstart/fix-bug"`, a folder); None: an empty workspace.
        model: Upstream by name, or the fields of `ModelConfig`.
        agent: Agent by name, or the fields of `AgentConfig`.
        sandbox: Backend by name, or the fields of `SandboxConfig`.
        skills: Names or `Skill` objects. Those that were never installed for this kind of machine are installed by
            `open`; that is kept for later sessions.
        session_id: Makes the session persistent: its workspace and history are kept below `~/.claudebox/sessions/` and
            found again under this id. None: everything ends with the session.
        episode_id: Tag of the recorded model calls; None: the session's id.
        reward_fn: Judges each prompt by its `CodeResult`, in a thread: a finite number, or None where there is no
            evidence. The files that the prompt changed are in `changes`, where the function wants them.

    Raises:
        ConfigError: An unknown name or field.
        SkillNotFoundError: A skill is unknown.
        TaskError: The task is unknown or malformed.
    """

    def __init__(
        self,
        task: Task | str | None = None,
        *,
        model: str | dict[str, Any] | ModelConfig = "anthropic",
        agent: str | dict[str, Any] | AgentConfig = "claude",
        sandbox: str | dict[str, Any] | SandboxConfig = "auto",
        skills: Sequence[str | Skill] = (),
        session_id: str | None = None,
        episode_id: str | None = None,
        reward_fn: RewardFn | None = None,
    ) -> None:
        check_reward_fn(reward_fn)
        self.task = _one_task(task) if isinstance(task, str) else task
        self.model_config = parse(ModelConfig, model, key="upstream", where="model")
        self.agent_config = parse(AgentConfig, agent, key="name", where="agent")
        self.sandbox_config = parse(SandboxConfig, sandbox, key="name", where="sandbox")
        self.skills = find_skills(skills)
        self._skills = NO_SKILLS
        self._agent_class = agent_class(self.agent_config.name)
        self._folder = SessionFolder(session_id) if session_id is not None else None
        self.session_id = session_id or f"session-{uuid.uuid4().hex[:12]}"
        self.episode_id = episode_id or self.session_id
        self.reward_fn = reward_fn
        self.boot_s = 0.0
        self.setup_s = 0.0
        self._calls: list[ModelCall] = []
        self._stack: AsyncExitStack | None = None
        self._sandbox: Sandbox | None = None
        self._agent: Agent | None = None
        self._gateway_episode: GatewayEpisode | None = None

    async def open(self) -> None:
        """Boot the machine, put the task's files in, and start the agent.

        Raises:
            ConfigError: The model, the sandbox or the agent can't be had as configured.
            TaskError: The task can't be played on this sandbox.
            SessionAlreadyExistsError: A session of this id is open.
            SandboxStartError: The machine did not start.
            SkillInstallationError: A skill can't be installed.
            AgentError: The agent did not start.
        """
        self._stack = AsyncExitStack()
        try:
            await self._open(self._stack)
        except BaseException:
            await asyncio.shield(self.close())
            raise

    async def close(self) -> None:
        """End the agent and the machine, and everything made for them; a persistent workspace stays. Idempotent."""
        stack, self._stack = self._stack, None
        self._sandbox = self._agent = None
        if stack is not None:
            await stack.aclose()

    async def code(
        self,
        prompt: str,
        *,
        max_turns: int | None = None,
        allowed_tools: list[str] | None = None,
        disallowed_tools: list[str] | None = None,
        timeout_s: float | None = None,
        judge: bool = False,
    ) -> CodeResult:
        """Give the agent one prompt and wait for the end of its work.

        Args:
            prompt: What to do.
            max_turns: Most model calls of this prompt.
            allowed_tools: The only tools the model is offered.
            disallowed_tools: Tools or patterns, such as `"Bash(rm *)"`, that are refused.
            timeout_s: Longest wall time; the agent is then interrupted, or ended with all its processes.
            judge: Run the task's verifier afterwards. Beside a `reward_fn` both are kept: the result's `reward` is the
                sum of its `reward_terms`.

        Returns:
            The result; failures of the agent, the model and the limits are in it, never raised.

        Raises:
            SandboxUnavailableError: The machine died.
            VerifierError: `judge` was asked for and gave no verdict.
            RewardError: The session's `reward_fn` failed, or gave no finite number; its context has the `result`.
        """
        options = PromptOptions(
            max_turns,
            None if allowed_tools is None else tuple(allowed_tools),
            None if disallowed_tools is None else tuple(disallowed_tools),
            timeout_s or (self.task.agent_timeout_s if self.task and self.agent_config.timeout_s is None else None),
        )
        before = await self._files()
        started_at = time.time()
        result = await self._running_agent.prompt(prompt, options)
        calls = self._gateway_episode.take_calls() if self._gateway_episode else ()
        self._calls.extend(calls)
        usage = sum((call.usage for call in calls), Usage())
        result = replace(result, usage=usage, refused=self.sandbox.take_refused())
        result = replace(result, changes=compare(before, await self._files()))
        result = redacted(result, self._skills.secrets)
        result = await rewarded(result, self.reward_fn, (await self.verify()).reward if judge else None)
        if self._folder is not None:
            noted = asdict(replace(result, changes=None))
            self._folder.add_history({"prompt": prompt, "started_at": started_at, **noted})
        return result

    async def verify(self) -> VerifierResult:
        """End the agent's processes and let the task's verifier judge what is there.

        Raises:
            ConfigError: The session has no task.
            VerifierError: The verifier gave no verdict.
            SandboxUnavailableError: The machine died.
        """
        if self.task is None:
            raise ConfigError("there is nothing to verify: the session was opened without a task")
        await self._running_agent.stop()
        return await verify(self.sandbox, self.task)

    def take_model_calls(self) -> tuple[ModelCall, ...]:
        """Return the model calls since the last time, oldest first."""
        calls, self._calls = tuple(self._calls), []
        return calls

    def history(self) -> list[dict[str, Any]]:
        """Return what was done in a persistent session, over all its openings; empty for others."""
        return self._folder.history() if self._folder else []

    @property
    def sandbox(self) -> Sandbox:
        """The machine, while the session is open."""
        if self._sandbox is None:
            raise ClaudeBoxError(f"session {self.session_id!r} is not open")
        return self._sandbox

    @property
    def endpoint(self) -> Endpoint | None:
        """Where the agent finds its model; None for agents that ask none."""
        return self._running_agent.context.endpoint

    @property
    def agent_version(self) -> str:
        """Version that the agent gave of itself; empty before `open`."""
        return self._agent.version if self._agent else ""

    @property
    def model_name(self) -> str:
        """Model id that the agent asks for; empty for agents that ask none."""
        return self._gateway_episode.upstream.model if self._gateway_episode else ""

    @property
    def _running_agent(self) -> Agent:
        if self._agent is None:
            raise ClaudeBoxError(f"session {self.session_id!r} is not open")
        return self._agent

    async def _files(self) -> Tree | None:
        """Return what the workspace holds, where the reward needs to know."""
        workdir = (self.task and self.task.workdir) or WORKSPACE
        return await read_tree(self.sandbox, workdir) if needs_changes(self.reward_fn) else None

    async def _open(self, stack: AsyncExitStack) -> None:
        if self._folder is not None:
            self._folder.open()
            stack.callback(self._folder.close)
        workspace = self._folder.workspace if self._folder else None
        started = time.monotonic()
        if self.skills:
            self._skills = await load_skills(self.skills, await ground(self.sandbox_config, self.task))
        mounts = (*self._agent_class.mounts(), *self._skills.mounts)
        sandbox = await make_sandbox(self.sandbox_config, self.task, mounts, workspace)
        self._sandbox = await stack.enter_async_context(sandbox)
        booted = time.monotonic()
        if self._folder is None or not self._folder.is_prepared:
            await prepare_workdir(self._sandbox, self.task)
        if self._folder is not None:
            self._folder.mark_prepared()
        self._agent = self._agent_class(await self._context(stack, self._sandbox))
        stack.push_async_callback(self._agent.stop)
        await self._agent.start()
        self.boot_s, self.setup_s = booted - started, time.monotonic() - booted

    async def _context(self, stack: AsyncExitStack, sandbox: Sandbox) -> AgentContext:
        task = self.task
        return AgentContext(
            sandbox=sandbox,
            config=self.agent_config,
            cwd=(task and task.workdir) or WORKSPACE,
            endpoint=await self._endpoint(stack, sandbox) if self._agent_class.needs_model else None,
            env={
                **await self._skills.environment(sandbox),
                **(task.solution_env if task and self.agent_config.name == "oracle" else {}),
            },
            plugins=self._skills.plugins,
            secrets=self._skills.secrets,
            solution=task.solution_files() if task else {},
        )

    async def _endpoint(self, stack: AsyncExitStack, sandbox: Sandbox) -> Endpoint:
        upstream = make_model(self.model_config, self.task, root=sandbox.root)
        gateway = await stack.enter_async_context(shared_gateway())
        episode = gateway.open_episode(self.episode_id, upstream, named_secrets=self._skills.secrets)
        stack.callback(episode.close)
        self._gateway_episode = episode
        address = await sandbox.expose_host_port(gateway.port)
        return Endpoint(f"http://{address}{episode.path}", episode.secret, upstream.model)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await asyncio.shield(self.close())


def _one_task(selector: str) -> Task:
    tasks = find_tasks(selector)
    if len(tasks) != 1:
        raise ConfigError(
            f"a session plays one task; {selector!r} names {len(tasks)}: {', '.join(t.task_id for t in tasks)}"
        )
    return tasks[0]
