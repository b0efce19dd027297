"""Episodes of a CLI that calls tools, starts sub-agents, and is told of results."""

from __future__ import annotations

import random
from typing import Any

from trajectory_values import episode_of

from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import ModelCall, Relation, Step, ToolCall, Usage

TOOLS = [{"name": name, "description": f"{name} it", "input_schema": {"type": "object"}} for name in ("Bash", "Agent")]


class Cli:
    """Plays one prompt: answers with thoughts, texts and tool calls, whose results are told in the next request.

    Args:
        seed: Of all that it does.
        odd: It also says what the format has no field for.
    """

    def __init__(self, seed: int, *, odd: bool = True) -> None:
        self._chance, self._odd = random.Random(seed), odd
        self.calls: list[ModelCall] = []
        self.actions: list[ToolCall] = []

    def record(self, num_turns: int = 3) -> EpisodeRecord:
        self._talk("main", num_turns, None, None)
        step = {"reward": 0.25, "reward_terms": {"a": 0.5, "b": -0.25}, "truncated": False, "duration_s": 1.5}
        steps = (
            Step(
                "e",
                0,
                {"instruction": "do", "response": ""},
                "do it",
                **step,
                terminated=False,
                tool_calls=tuple(self.actions),
            ),
            Step("e", 1, {"instruction": "do", "response": "done"}, "/submit", **step, terminated=True),
        )
        return EpisodeRecord(episode_of("e"), steps, tuple(self.calls), (0,) * len(self.calls))

    def _talk(self, path: str, num_turns: int, parent: str | None, tool: str | None) -> None:
        messages: list[dict[str, Any]] = [{"role": "user", "content": [self._text("prompt"), self._text("more")]}]
        relation = Relation.ROOT if parent is None else Relation.SUB_AGENT
        for turn in range(num_turns):
            call = self._call(path, messages, parent, relation, is_last=turn == num_turns - 1)
            parent, relation = call.call_id, Relation.CONTINUES
            content = call.response["content"]
            uses = [block for block in content if block["type"] == "tool_use"]
            results = [self._result(use, call, path, tool) for use in uses]
            messages = [*messages, {"role": "assistant", "content": content}]
            messages.append({"role": "user", "content": [*results, *[self._text("next")][: 1 - len(results)]]})

    def _result(self, use: dict[str, Any], call: ModelCall, path: str, tool: str | None) -> dict[str, Any]:
        output = f"out {self._number()}"
        self.actions.append(
            ToolCall(use["id"], use["name"], use["input"], output, False, call.started_at, 0.5, parent_tool_use_id=tool)
        )
        if use["name"] == "Agent" and len(path) < 12:
            self._talk(f"{path}-{self._number() % 1000}", 2, call.call_id, use["id"])
        told: Any = output if self._chance.random() < 0.7 else [self._text(output)]
        result = {"type": "tool_result", "tool_use_id": use["id"], "content": told}
        return result | self._chance.choice([{}, {"is_error": False}, {"is_error": True}])

    def _call(
        self, path: str, messages: list[Any], parent: str | None, relation: Relation, *, is_last: bool
    ) -> ModelCall:
        content = [self._text("I")]
        if self._chance.random() < 0.3:
            thought = {"type": "thinking", "thinking": f"hm {self._number()}"}
            content.insert(0, thought | ({"signature": "sig"} if self._odd else {}))
        for _ in range(0 if is_last else self._chance.randrange(3)):
            name = self._chance.choice(["Bash", "Bash", "Agent"])
            content.append(self._use(name, {"command": "ls"} if name == "Bash" else {"prompt": f"do {self._number()}"}))
        if self._odd and self._chance.random() < 0.2:
            content.append(self._text("afterwards"))
        usage = Usage(10 + self._number() % 90, 5, 3)
        call = ModelCall(
            call_id=f"c{len(self.calls)}",
            episode_id="e",
            request={"model": "m", "max_tokens": 99, "messages": messages, "system": [self._rule()], "tools": TOOLS},
            response={
                "type": "message",
                "role": "assistant",
                "content": content,
                "stop_reason": "end_turn",
                "id": "msg",
            },
            status=200,
            model="m",
            parent_call_id=parent,
            relation=relation,
            agent_path=path,
            usage=usage,
            cost_usd=0.01,
            started_at=1763974000.0 + len(self.calls),
            latency_s=0.5,
            prompt_token_ids=(1, 2, 3),
            completion_token_ids=(4,),
            logprobs=(-0.5,),
        )
        self.calls.append(call)
        return call

    def _use(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        return {"type": "tool_use", "id": f"toolu_{self._number()}", "name": name, "input": given}

    def _rule(self) -> dict[str, Any]:
        mark = {"cache_control": {"type": "ephemeral"}} if self._odd and self._chance.random() < 0.5 else {}
        return {"type": "text", "text": "be good", **mark}

    def _text(self, text: str) -> dict[str, Any]:
        return {"type": "text", "text": f"{text} {self._number()}"}

    def _number(self) -> int:
        return self._chance.randrange(10**6)


def plain(record: EpisodeRecord) -> list[ModelCall]:
    """Return the model calls with requests as a model reads them: texts as blocks, and no marks of caching."""
    from dataclasses import replace

    return [replace(call, request=_plain(call.request)) for call in record.model_calls]


def _plain(request: dict[str, Any]) -> dict[str, Any]:
    from claudebox_rl.message_content import plain_content

    read = {name: value for name, value in request.items() if value is not None}
    messages = [{**message, "content": plain_content(message)} for message in request.get("messages", [])]
    return read | {"messages": messages, "system": plain_content({"content": request.get("system")})}
