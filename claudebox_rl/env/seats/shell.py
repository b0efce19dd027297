"""The agent's own seat: the policy works in a shell itself, without a CLI and without a model."""

from __future__ import annotations

from typing import Any, cast

import gymnasium as gym

from claudebox_rl.agent.shell import ShellAgent
from claudebox_rl.config import AgentConfig, ModelConfig
from claudebox_rl.env.seats.seat import Acted, Observation, Seat, text_action
from claudebox_rl.env.spaces import UnicodeText, facts, facts_space
from claudebox_rl.errors import ConfigError
from claudebox_rl.types import SUBMIT

FACTS = ("step_index", "exit_code", "timed_out", "is_cut", "duration_s")
"""What the entries of `observation["facts"]` mean, in order; all of the last command, 0 before the first."""
COMMAND_TIMEOUT_S = 120.0
"""Longest time of one command, where `agent.timeout_s` says nothing."""


class ShellSeat(Seat):
    """Gives commands to one bash, which lives from step to step.

    - Observation: `instruction` (the task), `stdout` and `stderr` (of the last command, 64 KiB each), `facts` (see
      `FACTS`).
    - Action: a command of bash, or `SUBMIT`. Its standard input is empty. One that hangs is ended with all that the
      shell started (exit code 124), and the next one gets a new shell, which goes on in the directory and with the
      exported variables that the last finished command left.
    """

    name = "shell"
    agent = "shell"
    model = "nop"
    can_fork = True

    @classmethod
    def observation_space(cls) -> gym.spaces.Dict:
        """See `Seat.observation_space`."""
        texts = {name: UnicodeText() for name in ("instruction", "stdout", "stderr")}
        return gym.spaces.Dict({**texts, "facts": facts_space(FACTS)})

    @classmethod
    def action_space(cls) -> gym.Space[Any]:
        """See `Seat.action_space`."""
        return UnicodeText(min_length=1)

    @classmethod
    def check_settings(cls, model: ModelConfig, agent: AgentConfig) -> None:
        """See `Seat.check_settings`."""
        if agent.name != "shell":
            raise ConfigError(f"in the shell's seat the policy is the agent: agent=shell, not {agent.name}")

    @classmethod
    def shown(cls, observation: Observation) -> str:
        """See `Seat.shown`."""
        return observation["stdout"] + observation["stderr"]

    @classmethod
    def check_action(cls, action: Any) -> str:
        """See `Seat.check_action`."""
        return text_action(action)

    async def act(self, action: str) -> Acted:
        """Run a command, or submit."""
        if action == SUBMIT:
            return Acted(is_final=True)
        timeout_s = None if self.config.timeout_s else COMMAND_TIMEOUT_S
        result = await self.box.code(action, max_turns=None, timeout_s=timeout_s)
        return Acted(result=result)

    def observe(self, step_index: int) -> Observation:
        """See `Seat.observe`."""
        output = cast("ShellAgent", self.box.agent).last
        return {
            "instruction": self.start.task.instruction,
            "stdout": output.stdout,
            "stderr": output.stderr,
            "facts": facts(
                FACTS,
                step_index=step_index,
                exit_code=output.exit_code,
                timed_out=output.timed_out,
                is_cut=output.is_cut,
                duration_s=output.duration_s,
            ),
        }
