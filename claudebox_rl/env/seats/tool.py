"""The supervisor's seat: each tool call of the agent waits for the policy before it runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

import gymnasium as gym

from claudebox_rl._waiting import WaitingLine
from claudebox_rl.agent import agent_class
from claudebox_rl.agent.guard import ToolRequest, Verdict
from claudebox_rl.config import AgentConfig, ModelConfig
from claudebox_rl.env.seats.asked import AskedSeat
from claudebox_rl.env.seats.seat import Observation
from claudebox_rl.env.spaces import JsonValue, UnicodeText, facts, facts_space
from claudebox_rl.env.start import EpisodeStart
from claudebox_rl.errors import ConfigError

ALLOW, DENY, REWRITE = range(3)
"""What `action["decision"]` can be."""
FACTS = ("step_index", "is_main", "input_chars", "num_waiting")
"""What the entries of `observation["facts"]` mean, in order; `is_main` is 0 for a sub-agent's call, `input_chars` the
length of the input as JSON, `num_waiting` how many other calls wait meanwhile."""
_FIELDS = {"decision", "reason", "input"}


@dataclass(frozen=True, slots=True)
class SeatGuard:
    """Asks the policy about each call."""

    line: WaitingLine[ToolRequest, Verdict]
    timeout_s: float

    async def judge(self, call: ToolRequest) -> Verdict:
        """See `ToolGuard`."""
        return await self.line.ask(call)


class ToolSeat(AskedSeat[ToolRequest, Verdict]):
    """Decides about one tool call a step, first come, first served; the agent is sent the task's instruction once.

    A call runs on a clear yes only: one that the policy does not decide about in `agent.policy_timeout_s` is refused.
    The guard of a security policy is asked afterwards, about the input as it was rewritten.

    - Observation: `instruction` (the task), `tool` (its name; empty where no call waits: at the end, and after the
      reset of an episode without a call, whose first step ends it whatever the action), `input`, `agent_path` (`main`,
      or the sub-agent's id), `facts` (see `FACTS`).
    - Action: `decision` (0 allow, 1 deny, 2 rewrite), `reason` (told to the model where the call is denied), `input`
      (what the tool runs with instead, where it is rewritten: an object). What a decision does not use may be left out.
    - Terminated when the agent comes to the end of the prompt, which is judged.
    """

    name = "tool"

    def __init__(self, start: EpisodeStart, config: AgentConfig) -> None:
        super().__init__(start, config)
        self._line: WaitingLine[ToolRequest, Verdict] = WaitingLine()

    @classmethod
    def observation_space(cls) -> gym.spaces.Dict:
        """See `Seat.observation_space`."""
        texts = {name: UnicodeText() for name in ("instruction", "tool", "agent_path")}
        return gym.spaces.Dict({**texts, "input": JsonValue(), "facts": facts_space(FACTS)})

    @classmethod
    def action_space(cls) -> gym.Space[Any]:
        """See `Seat.action_space`."""
        return gym.spaces.Dict(
            {"decision": gym.spaces.Discrete(3), "reason": UnicodeText(), "input": JsonValue(objects_only=True)}
        )

    @classmethod
    def check_settings(cls, model: ModelConfig, agent: AgentConfig) -> None:
        """See `Seat.check_settings`."""
        super().check_settings(model, agent)
        if not agent_class(agent.name).asks_guards:
            raise ConfigError(f"agent={agent.name} can't have its tool calls judged; use agent=claude", field="agent")

    @classmethod
    def shown(cls, observation: Observation) -> str:
        """See `Seat.shown`."""
        return f"{observation['tool']} {json.dumps(observation['input'], ensure_ascii=False)}"

    @classmethod
    def check_action(cls, action: Any) -> Verdict:
        """See `Seat.check_action`."""
        if not isinstance(action, dict) or cast("dict[str, Any]", action).keys() - _FIELDS:
            raise ConfigError(
                f"an action of this seat is an object of {', '.join(sorted(_FIELDS))}, not {action!r:.80}"
            )
        return _verdict(cast("dict[str, Any]", action))

    def session(self) -> dict[str, Any]:
        """See `Seat.session`."""
        return {"guards": (SeatGuard(self._line, self.config.policy_timeout_s),)}

    @property
    def line(self) -> WaitingLine[ToolRequest, Verdict]:
        """The calls that wait."""
        return self._line

    def answer(self, action: Verdict) -> Verdict:
        """Return the verdict."""
        return action

    def observe(self, step_index: int) -> Observation:
        """See `Seat.observe`."""
        call = self.question or ToolRequest("", "", {})
        return {
            "instruction": self.start.task.instruction,
            "tool": call.name,
            "input": call.input,
            "agent_path": call.agent_path,
            "facts": facts(
                FACTS,
                step_index=step_index,
                is_main=call.agent_path == "main",
                input_chars=len(json.dumps(call.input)),
                num_waiting=max(len(self._line) - 1, 0),
            ),
        }


def _verdict(action: dict[str, Any]) -> Verdict:
    decision, reason, given = action.get("decision"), action.get("reason", ""), action.get("input")
    if isinstance(decision, bool) or not hasattr(decision, "__index__") or int(cast("int", decision)) not in range(3):
        raise ConfigError(f"decision must be 0 (allow), 1 (deny) or 2 (rewrite), not {decision!r:.80}")
    if not isinstance(reason, str):
        raise ConfigError(f"reason must be a text, not {reason!r:.80}")
    match int(cast("int", decision)):
        case 0:
            return Verdict(True)
        case 1:
            return Verdict(False, reason or "The supervisor does not allow this call.")
        case _:
            return Verdict(True, input=_input(given))


def _input(given: object) -> dict[str, Any]:
    if not isinstance(given, dict) or given not in JsonValue():
        raise ConfigError(f"a rewritten input must be a JSON object, not {given!r:.80}")
    return cast("dict[str, Any]", given)
