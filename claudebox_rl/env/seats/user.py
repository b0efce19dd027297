"""The user's seat: the policy talks with a coding agent until it submits the work."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from claudebox_rl.config import AgentConfig
from claudebox_rl.env.seats.seat import LIMITS, Acted, Observation, Seat, raise_failure, text_action
from claudebox_rl.env.spaces import UnicodeText, facts, facts_space
from claudebox_rl.env.start import EpisodeStart
from claudebox_rl.tasks import Task
from claudebox_rl.types import SUBMIT, CodeResult

FACTS = (
    "step_index",
    "success",
    "num_turns",
    "num_tool_calls",
    "num_tool_errors",
    "duration_s",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "num_prompts",
)
"""What the entries of `observation["facts"]` mean, in order; all of the last prompt, 0 before the first,
but `step_index` and `num_prompts`, the prompts since the present instruction came."""


class UserSeat(Seat):
    """Sends prompts.

    - Observation: `instruction` (the task, or its present checkpoint), `response` (the agent's last message), `facts`
      (see `FACTS`).
    - Action: a prompt for the agent, or `SUBMIT`, which hands in the present checkpoint.
    """

    name = "user"
    max_steps = 16
    has_checkpoints = True
    can_fork = True

    def __init__(self, start: EpisodeStart, config: AgentConfig) -> None:
        super().__init__(start, config)
        self._response = ""
        self._result = CodeResult(success=False)
        self._num_prompts = 0

    @classmethod
    def observation_space(cls) -> gym.spaces.Dict:
        """See `Seat.observation_space`."""
        return gym.spaces.Dict({"instruction": UnicodeText(), "response": UnicodeText(), "facts": facts_space(FACTS)})

    @classmethod
    def action_space(cls) -> gym.Space[Any]:
        """See `Seat.action_space`."""
        return UnicodeText(min_length=1)

    @classmethod
    def shown(cls, observation: Observation) -> str:
        """See `Seat.shown`."""
        return observation["response"]

    @classmethod
    def check_action(cls, action: Any) -> str:
        """See `Seat.check_action`."""
        return text_action(action)

    async def act(self, action: str) -> Acted:
        """Give the agent a prompt, or submit."""
        if action == SUBMIT:
            self._result = CodeResult(success=False)
            return Acted(is_final=True)
        result = await self.box.code(action, max_turns=None)
        calls = self.box.take_model_calls()
        raise_failure(result, calls)
        self._result, self._response = result, result.response
        self._num_prompts += 1
        return Acted(is_limited=result.failure in LIMITS, result=result, model_calls=calls)

    def begin_checkpoint(self, task: Task) -> None:
        """See `Seat.begin_checkpoint`."""
        super().begin_checkpoint(task)
        self._response, self._num_prompts = "", 0

    def observe(self, step_index: int) -> Observation:
        """See `Seat.observe`."""
        result = self._result
        return {
            "instruction": self.start.task.instruction,
            "response": self._response,
            "facts": facts(
                FACTS,
                step_index=step_index,
                success=result.success,
                num_turns=result.num_turns,
                num_tool_calls=len(result.action_log),
                num_tool_errors=sum(call.is_error for call in result.action_log),
                duration_s=result.duration_s,
                input_tokens=result.usage.input_tokens,
                output_tokens=result.usage.output_tokens,
                cost_usd=result.cost_usd,
                num_prompts=self._num_prompts,
            ),
        }
