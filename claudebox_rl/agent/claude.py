"""The unmodified Claude Code CLI as an agent: one long-lived process a session, driven over stream-json."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from contextlib import suppress

from claudebox_rl.agent.action_log import ActionRecorder
from claudebox_rl.agent.base import DEFAULT_TIMEOUT_S, Agent, AgentContext, Conversation, Endpoint, PromptOptions
from claudebox_rl.agent.claude_command import STATE_TARGET, cli_mount, command, environment
from claudebox_rl.agent.claude_process import ClaudeProcess, ProcessEndedError
from claudebox_rl.agent.claude_transcript import has_conversation, is_id, unwritten, unwritten_prompts
from claudebox_rl.agent.events import AssistantMessage, Init, MalformedOutputError, Result, ToolResults
from claudebox_rl.agent.guard import GuardPost
from claudebox_rl.agent.recap import recap
from claudebox_rl.errors import AgentError, ClaudeBoxError, SandboxError
from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.sandbox import Mount
from claudebox_rl.types import CodeResult, Failure

log = logging.getLogger(__name__)

_HANDSHAKE_S = 120.0
_INTERRUPT_GRACE_S = 5.0
_LIMITS = {"error_max_turns": Failure.MAX_TURNS, "error_max_budget_usd": Failure.BUDGET}
_UNENDED = "output token maximum"
"""Of what the CLI calls an API error where the model did not end its answer, four times over: no endpoint failed."""


class ClaudeAgent(Agent):
    """Drives the real CLI, whose process lives from prompt to prompt.

    It is started anew, with the same conversation, where a prompt asks for other limits or tools than the last one, and
    after it crashed.
    """

    name = "claude"
    needs_model = True
    asks_guards = True
    state_target = STATE_TARGET

    def __init__(self, context: AgentContext) -> None:
        super().__init__(context)
        kept = context.conversation
        self._process: ClaudeProcess | None = None
        self._post = GuardPost(context.guards) if context.guards else None
        self._options = self._limits(context.options)
        self._redactor = Redactor((), context.secrets)
        self._has_conversation = kept is not None and has_conversation(kept.folder, kept.conversation_id)
        self._random = random.Random(context.seed)
        self._session_id = kept.conversation_id if kept and self._has_conversation else self._new_id()
        self._recap = _missing(kept, self._session_id) if kept else ""
        self._cost_usd = 0.0  # of the live process
        self._spent_usd = kept.spent_usd if kept else 0.0  # of all of them

    @classmethod
    def mounts(cls) -> tuple[Mount, ...]:
        """Return the folder of the pinned CLI."""
        return (cli_mount(),)

    @property
    def endpoint(self) -> Endpoint:
        """The door to the model."""
        if self.context.endpoint is None:
            raise AgentError("agent=claude needs a model endpoint")
        return self.context.endpoint

    async def start(self) -> None:
        """Start the CLI and do its handshake."""
        self._process = await self._relaunch(self._options)

    async def prompt(self, text: str, options: PromptOptions) -> CodeResult:
        """Let the CLI work on one prompt."""
        started = time.monotonic()
        actions = ActionRecorder(self._redactor, self.context.on_action, self._post.begin() if self._post else None)
        timeout_s = options.timeout_s or self.context.config.timeout_s or DEFAULT_TIMEOUT_S
        try:
            process = await self._ready(options)
            await process.send_prompt(_as_prose(self._recap + text))
            self._recap, self._has_conversation = "", True
            result, timed_out = await self._until_result(process, actions, timeout_s)
        except SandboxError:
            raise
        except ClaudeBoxError as error:
            await self.stop()
            return _broken(error, actions, time.monotonic() - started)
        if result is None:
            await self.stop()
            return _timed_out(timeout_s, actions, time.monotonic() - started)
        cost_usd = max(result.total_cost_usd - self._cost_usd, 0.0)
        self._cost_usd = result.total_cost_usd
        self._spent_usd += cost_usd
        failure, error = _judge(result, timed_out, timeout_s)
        return CodeResult(
            success=failure is None,
            response=result.text,
            error=error,
            failure=failure,
            action_log=actions.calls(),
            cost_usd=cost_usd,
            num_turns=result.num_turns,
            duration_s=time.monotonic() - started,
            agent_s=result.duration_ms / 1000,
        )

    async def interrupt(self) -> None:
        """Ask the CLI to let go of its prompt."""
        if self._process is not None:
            with suppress(ProcessEndedError):
                await self._process.interrupt()

    async def settle(self) -> None:
        """End the CLI in its own way, with its conversation written down; the next prompt resumes that."""
        process, self._process = self._process, None
        if process is not None:
            await process.finish()

    def follow(self, parent: Agent) -> None:
        """Resume the parent's conversation, which lies in the machine's home folder."""
        assert isinstance(parent, ClaudeAgent)
        if parent._has_conversation:
            self._session_id, self._has_conversation = parent._session_id, True
        self._spent_usd = parent._spent_usd
        if self.context.seed == parent.context.seed:
            self._random.setstate(parent._random.getstate())

    async def stop(self) -> None:
        """End the CLI's process tree; a later prompt starts it anew."""
        process, self._process = self._process, None
        if process is not None:
            await process.close()

    async def _ready(self, options: PromptOptions) -> ClaudeProcess:
        wanted = self._limits(options)
        if self._process is None or wanted != self._options:
            await self.stop()
            self._options = wanted
            self._process = await self._relaunch(wanted)
        return self._process

    def _limits(self, options: PromptOptions) -> PromptOptions:
        """Return what a process is started with, which serves prompts of the same limits."""
        max_turns = options.max_turns or self.context.config.max_turns
        return PromptOptions(max_turns, options.allowed_tools, options.disallowed_tools)

    async def _relaunch(self, options: PromptOptions) -> ClaudeProcess:
        """Start the CLI with the conversation so far; a crash may have come before the CLI wrote it down."""
        if self._has_conversation:
            try:
                process = await self._launch(options)
                self._keep_id()
                return process
            except ProcessEndedError as error:
                log.warning("the conversation is lost, the next prompt begins a new one: %s", error)
                self._session_id, self._has_conversation = self._new_id(), False
        process = await self._launch(options)
        self._keep_id()
        return process

    def _new_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _keep_id(self) -> None:
        if self.context.conversation is not None:
            self.context.conversation.on_change(self._session_id)

    async def _launch(self, options: PromptOptions) -> ClaudeProcess:
        context = self.context
        argv = command(
            context.sandbox.root,
            self.endpoint.model,
            context.config,
            options,
            session_id=self._session_id,
            resume=self._has_conversation,
            spent_usd=self._spent_usd,
            plugins=context.plugins,
        )
        state_dir = f"{context.sandbox.root}{STATE_TARGET}" if context.conversation else None
        env = {**context.env, **environment(self.endpoint, context.config, context.plugins, state_dir)}
        process = ClaudeProcess(await context.sandbox.open_exec(argv, env=env, cwd=context.cwd), self._post)
        try:
            answer = await process.initialize(_HANDSHAKE_S)
        except BaseException:
            await asyncio.shield(process.close())
            raise
        self.version = str(answer.get("claude_code_version", ""))
        self._cost_usd = 0.0
        return process

    async def _until_result(
        self, process: ClaudeProcess, actions: ActionRecorder, timeout_s: float
    ) -> tuple[Result | None, bool]:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(process, actions), False
        except TimeoutError:
            await process.interrupt()
        try:
            async with asyncio.timeout(_INTERRUPT_GRACE_S):
                return await self._follow(process, actions), True
        except TimeoutError:
            return None, True

    async def _follow(self, process: ClaudeProcess, actions: ActionRecorder) -> Result:
        while True:
            match await process.next_event():
                case AssistantMessage() as message:
                    actions.announce(message)
                case ToolResults() as results:
                    actions.answer(results)
                case Init(session_id=session_id) if session_id != self._session_id and is_id(session_id):
                    self._session_id = session_id
                    self._keep_id()
                case Result() as result:
                    return result
                case _:
                    pass


def _missing(kept: Conversation, conversation_id: str) -> str:
    """Return what to tell before the next prompt of what a crash kept out of a conversation."""
    return recap(
        unwritten_prompts(kept.folder, conversation_id, kept.cut_off_prompts),
        unwritten(kept.folder, conversation_id, kept.cut_off),
    )


def _as_prose(text: str) -> str:
    """Keep the CLI from taking a prompt for one of its slash commands, and from lone surrogates."""
    text = text.encode("utf-8", "replace").decode()
    return f"\n{text}" if text.startswith("/") else text


def _judge(result: Result, timed_out: bool, timeout_s: float) -> tuple[Failure | None, str | None]:
    if timed_out:
        return Failure.TIMEOUT, f"the prompt was interrupted after {timeout_s:g} s"
    if result.subtype in _LIMITS:
        return _LIMITS[result.subtype], "; ".join(result.errors) or result.subtype
    is_unended = result.api_error_status is None and _UNENDED in result.text
    if (result.terminal_reason == "api_error" or result.api_error_status is not None) and not is_unended:
        return Failure.API_ERROR, result.text or f"the model endpoint answered {result.api_error_status}"
    if result.is_error or result.subtype != "success":
        return Failure.EXECUTION, "; ".join(result.errors) or result.text or result.subtype
    return None, None


def _broken(error: ClaudeBoxError, actions: ActionRecorder, duration_s: float) -> CodeResult:
    return CodeResult(
        success=False,
        error=error.message,
        failure=Failure.MALFORMED if isinstance(error, MalformedOutputError) else Failure.CRASH,
        exit_code=error.context.get("exit_code"),
        action_log=actions.calls(),
        duration_s=duration_s,
    )


def _timed_out(timeout_s: float, actions: ActionRecorder, duration_s: float) -> CodeResult:
    error = f"the prompt was ended after {timeout_s:g} s: the agent did not heed the interrupt"
    return CodeResult(
        success=False, error=error, failure=Failure.TIMEOUT, action_log=actions.calls(), duration_s=duration_s
    )
