"""Any model as the player of any seat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claudebox_rl.config import ModelConfig, parse
from claudebox_rl.errors import ConfigError, GatewayError
from claudebox_rl.policies._llm.answerer import Answerer
from claudebox_rl.policies._llm.interview import Interview, Json
from claudebox_rl.policies._llm.seats import INTERVIEWS
from claudebox_rl.policies.policy import Place
from claudebox_rl.session.model import make_model

_TRIES = 3


class LlmPolicy:
    """Has a model choose each action.

    In the model's seat the request that the agent sent goes to the model as it is, and its answer is the action. In
    the other seats the model is told what it plays, and its actions are tools; the conversation grows by what is seen.

    Args:
        place: Where it plays.
        model: The upstream, by name or as the fields of `ModelConfig`.
        system: Told to the model instead of what it is told by default; not for the model's seat.
        max_tokens: Most tokens of one answer; in the model's seat too.
        temperature: Of its sampling; None: the model's own.

    Raises:
        ConfigError: An unknown upstream or option, a missing key, or `system` in the model's seat.
    """

    def __init__(
        self,
        place: Place,
        *,
        model: str | Mapping[str, Any] = "anthropic",
        system: str | None = None,
        max_tokens: int = 4096,
        temperature: float | None = None,
    ) -> None:
        if place.seat != "model" and place.seat not in INTERVIEWS:
            raise ConfigError(f"policy llm does not know seat {place.seat}", field="policy")
        if system is not None and place.seat == "model":
            raise ConfigError("policy llm: in the model's seat the agent says what the model is told", field="system")
        config = parse(ModelConfig, model, key="upstream", where="policy.options.model")
        self._answerer = Answerer(make_model(config, None, root="", seed=place.seed))
        self._place, self._interview = place, INTERVIEWS.get(place.seat)
        self._fixed: Json = {"max_tokens": max_tokens}
        self._fixed |= {} if temperature is None else {"temperature": temperature}
        self._system = system
        self._messages: list[Json] = []

    def __call__(self, observation: dict[str, Any]) -> Any:
        """Return the model's action.

        Raises:
            GatewayError: The model gave no answer, or three that are no action.
        """
        if self._interview is None:
            asked = {name: observation[name] for name in ("system", "messages", "tools") if observation[name]}
            return {"content": self._answerer.ask({**asked, **self._fixed})["content"]}
        return self._converse(self._interview, self._interview.show(observation))

    def close(self) -> None:
        """Release the model's connections. Idempotent."""
        self._answerer.close()

    def _converse(self, interview: Interview, told: str) -> Any:
        for _ in range(_TRIES):
            message = self._ask(interview, told)
            try:
                action = interview.action(message)
            except ValueError as error:
                told = str(error)
                continue
            if action in self._place.action_space:
                return action
            told = f"that is no action here: {action!r:.200}"
        raise GatewayError(f"the policy's model gave no action in {_TRIES} answers; the last time {told}")

    def _ask(self, interview: Interview, told: str) -> Json:
        self._messages.append({"role": "user", "content": _content(told, self._messages)})
        system = interview.system if self._system is None else self._system
        message = self._answerer.ask(
            {"system": system, "messages": list(self._messages), "tools": interview.tools(), **self._fixed}
        )
        self._messages.append({"role": "assistant", "content": message["content"]})
        return message


def _content(told: str, messages: list[Json]) -> list[Json]:
    """Return what goes on from the last message: the result of its first tool call, or a text."""
    last: list[Json] = messages[-1]["content"] if messages else []
    calls = [block["id"] for block in last if block.get("type") == "tool_use"]
    results = [told, *("Only one tool is called at a time; this one was not." for _ in calls[1:])]
    answers = [
        {"type": "tool_result", "tool_use_id": call, "content": result}
        for call, result in zip(calls, results, strict=False)
    ]
    return answers or [{"type": "text", "text": told}]
