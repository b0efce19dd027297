"""A ClaudeBox: a sandbox, an agent in it, a workspace and a log, as one async context manager."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from claudebox_rl._stages import enter_stage
from claudebox_rl.agent import PromptOptions, agent_class
from claudebox_rl.agent.guard import ToolGuard
from claudebox_rl.config import AgentConfig, ModelConfig, SandboxConfig
from claudebox_rl.errors import ClaudeBoxError
from claudebox_rl.gateway import GatewayEpisode, Keys
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.session.account import accounted
from claudebox_rl.session.budget import Budget, held, shorter, within
from claudebox_rl.session.changes import Tree, compare, read_tree
from claudebox_rl.session.forking import Forking
from claudebox_rl.session.judged import Judged
from claudebox_rl.session.keeping.folder import SessionFolder
from claudebox_rl.session.keeping.kept import KeptSessions
from claudebox_rl.session.keeping.log import SessionLog
from claudebox_rl.session.opening import Opening, open_session
from claudebox_rl.session.reward import RewardFn, check_reward_fn, needs_changes, rewarded
from claudebox_rl.session.security.policy import SecurityPolicy
from claudebox_rl.session.settings import Env, Volume, make_settings
from claudebox_rl.session.skills.redact import redacted
from claudebox_rl.session.skills.skill import Skill
from claudebox_rl.session.templates.template import SandboxTemplate
from claudebox_rl.tasks import Task
from claudebox_rl.types import CodeResult, Stage

CODE_TURNS = 10
"""Most model calls of a prompt that says nothing else."""


class ClaudeBox(KeptSessions, Forking, Judged):
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
        session_id: Makes the session persistent: workspace, history and the agent's conversation are kept, and found
            again under this id. None: everything ends with the session.
        workspace_dir: Keep sessions in `<workspace_dir>/sessions/`; None: in `~/.claudebox/sessions/`.
        enable_logging: Keep a history, and samples of what is used.
        oauth_token: Token of a subscription (`claude setup-token`), for model `anthropic`. It stays on the host, as
            every key does; without it and `api_key`, CLAUDE_CODE_OAUTH_TOKEN and ANTHROPIC_API_KEY are looked for.
        api_key: Key of the Messages API, likewise.
        image: As `sandbox.image`.
        template: Instead of an image: one that was built (`"web_dev"`), or any image, as `sandbox.template`.
        cpus: As `sandbox.cpus`. Without a task a session has 4, 4096 MiB and 8 GB, where the backend can hold it to
            them; a task has its own. What is given here or in `sandbox` must hold, or is refused.
        memory_mib: As `sandbox.memory_mib`.
        disk_size_gb: As `sandbox.disk_mib`, in GiB.
        volumes: Folders of the host to show inside: `(host, inside)`, writable; `(host, inside, "ro")`; or `Mount`.
            While a machine has it, a writable one belongs to the machine's user.
        ports: `(port of the host's loopback, port inside)`.
        env: Variables of every command inside. Keys are refused here.
        auto_remove: Remove the session's folder at its end; None: where there is no `session_id`.
        episode_id: Tag of the recorded model calls; None: the session's id.
        reward_fn: Judges each prompt by its `CodeResult`, in a thread: a finite number, or None where there is no
            evidence. The files that the prompt changed are in `changes`, where the function wants them.
        security_policy: What the session may do: a policy, a preset's name, or the fields of one. What it does not give
            can't be given by the other arguments.
        budget: What one opening of the session may use of its model: a `BudgetConfig`, or its fields. A prompt that it
            stops has `failure` `budget`, and the limit's name in `exhausted`.
        guards: Judge each tool call before it runs, in this order; the security policy's own comes last.
        seed: What the agent draws of its own follows from it (a new conversation's id), and the model's answers where
            the upstream can be seeded; None: they are random.

    Raises:
        ConfigError: An unknown name or field, or a value that can't be.
        SkillNotFoundError: A skill is unknown.
        TaskError: The task is unknown or malformed.
        TemplateError: The template is unknown or not built on this machine.
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
        workspace_dir: str | Path | None = None,
        enable_logging: bool = True,
        oauth_token: str | None = None,
        api_key: str | None = None,
        image: str | None = None,
        template: SandboxTemplate | str | None = None,
        cpus: float | None = None,
        memory_mib: int | None = None,
        disk_size_gb: int | None = None,
        volumes: Sequence[Volume] = (),
        ports: Sequence[tuple[int, int]] = (),
        env: Env | None = None,
        auto_remove: bool | None = None,
        episode_id: str | None = None,
        reward_fn: RewardFn | None = None,
        security_policy: SecurityPolicy | str | Mapping[str, Any] | None = None,
        budget: Budget = None,
        guards: Sequence[ToolGuard] = (),
        seed: int | None = None,
    ) -> None:
        check_reward_fn(reward_fn)
        self._settings = make_settings(
            task=task,
            model=model,
            agent=agent,
            sandbox=sandbox,
            image=image,
            template=template,
            cpus=cpus,
            memory_mib=memory_mib,
            disk_size_gb=disk_size_gb,
            skills=skills,
            volumes=volumes,
            ports=ports,
            env=env,
            keys=Keys(oauth_token, api_key),
            security_policy=security_policy,
            budget=budget,
            guards=guards,
            seed=seed,
        )
        self.task, self.reward_fn = self._settings.task, reward_fn
        agent_class(self._settings.agent.name)
        self._auto_remove = session_id is None if auto_remove is None else auto_remove
        self._remembered = {**self._settings.remembered(), "enable_logging": enable_logging}
        """Given to `ClaudeBox` again by `reconnect`: JSON, no secrets."""
        is_kept = session_id is not None or workspace_dir is not None or not self._auto_remove
        self.session_id = f"session-{uuid.uuid4().hex[:12]}" if session_id is None else session_id
        self._folder = SessionFolder(self.session_id, workspace_dir) if is_kept else None
        self._log = SessionLog(self.session_id, self._folder, is_enabled=enable_logging)
        self.episode_id = episode_id or self.session_id
        self.boot_s = 0.0
        self.setup_s = 0.0
        self.queued_s = 0.0
        self._door: GatewayEpisode | None = None
        self._stack: AsyncExitStack | None = None
        self._parting = asyncio.Lock()
        self._owner_pid = 0
        self._opening: Opening | None = None

    async def open(self, *, max_turns: int | None = CODE_TURNS) -> None:
        """Boot the machine, put the task's files in, and start the agent.

        Args:
            max_turns: Of the first prompt: the agent is started anew for another one.

        Raises:
            ConfigError: The model, the sandbox or the agent can't be had as configured.
            TaskError: The task can't be played on this sandbox.
            SessionAlreadyExistsError: A session of this id is open.
            SandboxStartError: The machine did not start.
            SkillInstallationError: A skill can't be installed.
            AgentError: The agent did not start.
        """
        options = PromptOptions(self._turns(max_turns))
        await self._enter(
            lambda stack: open_session(stack, self._settings, self._folder, self._log, self.episode_id, options)
        )

    async def _enter(self, opening: Callable[[AsyncExitStack], Awaitable[Opening]]) -> None:
        if self._stack is not None:
            raise ClaudeBoxError(f"session {self.session_id!r} is open already")
        self._stack, self._owner_pid = AsyncExitStack(), os.getpid()
        try:
            self._stack.push_async_callback(asyncio.to_thread, self._log.close, remove=self._auto_remove)
            await self._log.open(self._remembered)
            self._opening = await opening(self._stack)
            self._door = self._opening.gateway_episode
            self.boot_s, self.setup_s = self._opening.boot_s, self._opening.setup_s
            self.queued_s = self._opening.queued_s
        except BaseException:
            await asyncio.shield(self.close())
            raise

    async def close(self) -> None:
        """End the agent and the machine, and everything made for them; a persistent workspace stays. Idempotent."""
        stack, self._stack = self._stack, None
        self._opening = None
        if stack is not None and self._owner_pid == os.getpid():  # a forked child has none of it
            await stack.aclose()

    async def code(
        self,
        prompt: str,
        *,
        max_turns: int | None = CODE_TURNS,
        allowed_tools: list[str] | None = None,
        disallowed_tools: list[str] | None = None,
        timeout_s: float | None = None,
        judge: bool = False,
    ) -> CodeResult:
        """Give the agent one prompt and wait for the end of its work.

        Args:
            prompt: What to do.
            max_turns: Most model calls of this prompt; None: as `agent.max_turns` says. The default can be less by it.
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
            WorkspaceError: The history can't be written.
        """
        max_turns = self._turns(max_turns)
        opening, before = self._open_now, await self._files()
        options = PromptOptions(
            max_turns,
            None if allowed_tools is None else tuple(allowed_tools),
            None if disallowed_tools is None else tuple(disallowed_tools),
            within(opening.gateway_episode, shorter(self._settings.limit_s(timeout_s), enter_stage(Stage.AGENT))),
        )
        num_earlier = len(self._door.calls) if self._door else 0
        async with self._log.prompting(prompt, max_turns=max_turns):
            result = await opening.agent.prompt(prompt, options)
            if self._settings.is_overtime(result):
                await opening.agent.stop()  # with all that it started
        result = held(result, self._door)
        calls = self._door.calls[num_earlier:] if self._door else ()
        result = accounted(result, calls)
        exit_code = int(not result.success) if result.exit_code is None else result.exit_code
        result = replace(result, exit_code=exit_code, refused=self.sandbox.take_refused())
        result = replace(result, changes=compare(before, await self._files()))
        result = redacted(result, opening.skills.secrets)
        try:
            result = await rewarded(result, self.reward_fn, (await self.verify()).reward if judge else None)
        finally:
            result = await self._log.end(result)
        return result

    async def interrupt(self) -> None:
        """Have the prompt that is at work come to its end soon; its result, of what was done until then, says so."""
        await self._open_now.agent.interrupt()

    def _turns(self, max_turns: int | None) -> int | None:
        """Return the limit of a prompt: what the session's config says may be less than the default."""
        own = self._settings.agent.max_turns
        return own if max_turns is None or (max_turns == CODE_TURNS and own and own < CODE_TURNS) else max_turns

    async def _files(self) -> Tree | None:
        """Return what the workspace holds, where the reward needs to know."""
        workdir = (self.task and self.task.workdir) or WORKSPACE
        return await read_tree(self.sandbox, workdir) if needs_changes(self.reward_fn) else None

    async def __aenter__(self) -> Self:
        if self._stack is None:  # a session that was awaited is open
            await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await asyncio.shield(self.close())
