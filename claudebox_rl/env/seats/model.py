"""The model's seat: the policy answers the requests of the unmodified CLI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import gymnasium as gym

from claudebox_rl._waiting import WaitingLine
from claudebox_rl.agent import agent_class
from claudebox_rl.config import AgentConfig, ModelConfig
from claudebox_rl.env.seats.asked import AskedSeat
from claudebox_rl.env.seats.seat import Observation
from claudebox_rl.env.spaces import AssistantMessage, JsonValue, UnicodeText, facts, facts_space
from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.upstreams.policy import ModelRequest, PolicyAnswer, PolicyUpstream, read_answer

FACTS = ("step_index", "is_main", "num_messages", "num_tools", "input_chars", "num_waiting")
"""What the entries of `observation["facts"]` mean, in order; `is_main` is 0 for a request of a sub-agent, `input_chars`
the length of system, messages and tools as JSON, `num_waiting` how many other requests wait meanwhile."""


class ModelSeat(AskedSeat[ModelRequest, PolicyAnswer]):
    """Answers one request a step, first come, first served; the agent is sent the task's instruction once.

    - Observation: `system` (text), `messages` and `tools` (as in the Messages API), `facts` (see `FACTS`). All
      empty once the agent has come to the end of the prompt.
    - Action: the assistant message: a text, or `{"content": [blocks]}` (see `AssistantMessage`).
    - Terminated when the agent comes to the end of the prompt, which is judged.
    """

    name = "model"
    model = "policy"

    @classmethod
    def observation_space(cls) -> gym.spaces.Dict:
        """See `Seat.observation_space`."""
        return gym.spaces.Dict(
            {"system": UnicodeText(), "messages": JsonValue(), "tools": JsonValue(), "facts": facts_space(FACTS)}
        )

    @classmethod
    def action_space(cls) -> gym.Space[Any]:
        """See `Seat.action_space`."""
        return AssistantMessage()

    @classmethod
    def check_settings(cls, model: ModelConfig, agent: AgentConfig) -> None:
        """See `Seat.check_settings`."""
        if model.upstream != "policy":
            raise ConfigError(f"in the model's seat the policy is the model: model=policy, not {model.upstream}")
        if not agent_class(agent.name).needs_model:
            raise ConfigError(f"agent={agent.name} asks no model: the model's seat needs agent=claude")

    @classmethod
    def shown(cls, observation: Observation) -> str:
        """See `Seat.shown`."""
        return json.dumps(observation["messages"][-1:], ensure_ascii=False, indent=2)

    @classmethod
    def check_action(cls, action: Any) -> PolicyAnswer:
        """See `Seat.check_action`."""
        return read_answer(action)

    @property
    def line(self) -> WaitingLine[ModelRequest, PolicyAnswer]:
        """The requests that wait."""
        return cast("PolicyUpstream", self.box.upstream).line

    def answer(self, action: PolicyAnswer) -> PolicyAnswer:
        """Return the message."""
        return action

    def observe(self, step_index: int) -> Observation:
        """See `Seat.observe`."""
        asked = self.question or ModelRequest({}, "main")
        system, messages, tools = _system(asked.body), asked.body.get("messages", []), asked.body.get("tools", [])
        return {
            "system": system,
            "messages": messages,
            "tools": tools,
            "facts": facts(
                FACTS,
                step_index=step_index,
                is_main=asked.agent_path == "main",
                num_messages=len(messages),
                num_tools=len(tools),
                input_chars=len(json.dumps([system, messages, tools])),
                num_waiting=max(len(self.line) - 1, 0),
            ),
        }


def _system(body: Mapping[str, Any]) -> str:
    """Return the system prompt as one text, whose blocks stand a blank line apart."""
    given: Any = body.get("system", "")
    if isinstance(given, str):
        return given
    return "\n\n".join(str(block.get("text", "")) for block in cast("list[dict[str, Any]]", given))
