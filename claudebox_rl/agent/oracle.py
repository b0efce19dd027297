"""An agent that runs the task's own solution, to prove that a task can be solved."""

from __future__ import annotations

import time

from claudebox_rl.agent.base import DEFAULT_TIMEOUT_S, Agent, PromptOptions
from claudebox_rl.errors import AgentError
from claudebox_rl.sandbox import ExecResult
from claudebox_rl.types import CodeResult, Failure, ToolCall


class OracleAgent(Agent):
    """Copies the solution's files to /solution and runs `solve.sh` in the working directory."""

    name = "oracle"
    needs_model = False
    plays_solution = True

    async def start(self) -> None:
        """Check that there is a solution to play.

        Raises:
            AgentError: The task ships no `solution/solve.sh`.
        """
        if "solve.sh" not in self.context.solution:
            raise AgentError(f"agent={self.name} needs a task with solution/solve.sh; this one has none")
        self.version = "1"

    async def prompt(self, text: str, options: PromptOptions) -> CodeResult:
        """Run the solution; the prompt's text is not read."""
        sandbox = self.context.sandbox
        for name, content in self.context.solution.items():
            await sandbox.write_file(f"/solution/{name}", content, mode=0o755)
        command = f"bash {sandbox.root}/solution/solve.sh"
        started_at = time.time()
        result = await sandbox.exec(
            command.split(" ", 1),
            cwd=self.context.cwd,
            env={"CLAUDEBOX_ROOT": sandbox.root, **self.context.env},
            timeout_s=options.timeout_s or self.context.config.timeout_s or DEFAULT_TIMEOUT_S,
        )
        answer = _as_result(command, started_at, result)
        if self.context.on_action is not None:
            self.context.on_action(answer.action_log[0], 0)
        return answer

    async def stop(self) -> None:
        """Do nothing: the solution ended with its command."""


def _as_result(command: str, started_at: float, result: ExecResult) -> CodeResult:
    output = (result.stdout + result.stderr).decode("utf-8", "replace")
    failed = result.exit_code != 0 or result.timed_out
    call = ToolCall("oracle", "Bash", {"command": command}, output, failed, started_at, result.duration_s)
    failure = Failure.TIMEOUT if result.timed_out else Failure.EXECUTION if failed else None
    return CodeResult(
        success=not failed,
        response=output,
        error=f"solve.sh ended with exit code {result.exit_code}" if failed else None,
        failure=failure,
        exit_code=result.exit_code,
        action_log=(call,),
        num_turns=1,
        duration_s=result.duration_s,
        agent_s=result.duration_s,
    )
