"""A bare shell as an agent: each prompt is a command, and no model is asked."""

from __future__ import annotations

import time
from dataclasses import replace

from claudebox_rl.agent.base import DEFAULT_TIMEOUT_S, Agent, AgentContext, PromptOptions
from claudebox_rl.agent.shell_process import ShellOutput, ShellProcess
from claudebox_rl.errors import AgentError
from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.types import CodeResult, Failure, ToolCall

_START_S = 60.0


class ShellAgent(Agent):
    """Runs each prompt in one bash that lives from prompt to prompt; see `ShellProcess`.

    A security policy that judges tool calls is refused: the judge looks at one command alone, and here commands
    build upon what earlier ones defined.

    Attributes:
        last: What the last command gave.
    """

    name = "shell"
    needs_model = False

    def __init__(self, context: AgentContext) -> None:
        super().__init__(context)
        self.last = ShellOutput()
        self._shell = ShellProcess(context.sandbox, context.cwd, context.env)
        self._redactor = Redactor((), context.secrets)
        self._num_commands = 0

    async def start(self) -> None:
        """Start the shell.

        Raises:
            AgentError: There is no bash.
        """
        output = await self._shell.run('printf %s "$BASH_VERSION"', _START_S)
        if output.exit_code != 0:
            raise AgentError(f"agent=shell needs bash in the sandbox: {output.stderr.strip()}")
        self.version = output.stdout

    async def prompt(self, text: str, options: PromptOptions) -> CodeResult:
        """Run one command: `response` is what it wrote to standard output."""
        started_at = time.time()
        timeout_s = options.timeout_s or self.context.config.timeout_s or DEFAULT_TIMEOUT_S
        output = self.last = self._clean(await self._shell.run(text, timeout_s))
        failed = output.exit_code != 0
        call = ToolCall(
            tool_use_id=f"shell-{self._num_commands}",
            name="Bash",
            input={"command": self._redactor.text(text)},
            output=output.stdout + output.stderr,
            is_error=failed,
            started_at=started_at,
            duration_s=output.duration_s,
        )
        self._num_commands += 1
        if self.context.on_action is not None:
            self.context.on_action(call, 0)
        return CodeResult(
            success=not failed,
            response=output.stdout,
            error=_error(output, timeout_s),
            failure=Failure.TIMEOUT if output.timed_out else Failure.EXECUTION if failed else None,
            exit_code=output.exit_code,
            action_log=(call,),
            num_turns=1,
            duration_s=output.duration_s,
            agent_s=output.duration_s,
        )

    def follow(self, parent: Agent) -> None:
        """Show what the parent's last command gave; directory and variables lie in the machine's home folder."""
        assert isinstance(parent, ShellAgent)
        self.last, self._num_commands = parent.last, parent._num_commands

    async def stop(self) -> None:
        """End the shell and what it left in the background; a later command starts it anew."""
        await self._shell.close()

    def _clean(self, output: ShellOutput) -> ShellOutput:
        return replace(output, stdout=self._redactor.text(output.stdout), stderr=self._redactor.text(output.stderr))


def _error(output: ShellOutput, timeout_s: float) -> str | None:
    if output.timed_out:
        return f"the command was ended after {timeout_s:g} s"
    return f"the command ended with exit code {output.exit_code}" if output.exit_code != 0 else None
