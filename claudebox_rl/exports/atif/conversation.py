"""The steps of one agent's trajectory, written call by call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from claudebox_rl.exports.atif.contexts import EMPTY, Context, num_shared, request_of, settings_of
from claudebox_rl.exports.atif.facts import call_facts, metrics_of
from claudebox_rl.exports.atif.parts import (
    Json,
    add_result,
    answer_fields,
    answer_of,
    items,
    message_of,
    own,
    result_of,
    results_in,
    same,
)
from claudebox_rl.types import ModelCall, Relation

Placed = tuple[int, ModelCall, int | None]
"""A model call with its place in the record, and the step of the environment in which it was made."""


class Conversation:
    """Writes the model calls of one agent as steps.

    Args:
        model: What the agent asks for where a step says nothing.
        tools: Those of the agent, likewise.

    Attributes:
        steps: So far, not numbered.
        owners: The step that first made a tool call, by the call's id.
    """

    def __init__(self, model: str, tools: Any) -> None:
        self.steps: list[Json] = []
        self.owners: dict[str, Json] = {}
        self._model, self._tools = model, tools
        self._contexts: dict[str, Context] = {}
        self._last = EMPTY
        self._nearest: dict[str, Json] = {}
        self._pending = 0
        self._left_out: list[Placed] = []

    def leave_out(self, placed: Placed) -> None:
        """Take a call from which the conversation did not go on: told before the next one, as a word of the system."""
        self._left_out.append(placed)

    def add(self, placed: Placed) -> None:
        """Take a call from which the conversation went on, or with which it ended."""
        index, call, env_step = placed
        difference, context = self._asked(call, self._base(call))
        facts: Json = {"call": call_facts(call, index, env_step, measured=True), "request": difference}
        content = cast("list[Any]", (call.response or {})["content"])
        facts["response"] = {name: value for name, value in (call.response or {}).items() if name != "content"}
        step: Json = {"source": "agent", **_at(call), **answer_fields(content, f"{len(self.steps)}")}
        step |= {"model_name": call.model} if call.model != self._model else {}
        step |= {"metrics": metrics_of(call), "llm_call_count": 1}
        if answer_of(step) != content:
            facts["content"] = content
        step["extra"] = own(**{name: value for name, value in facts.items() if value != {}})
        answer = {"role": "assistant", "content": content}
        self._last = self._contexts[call.call_id] = Context(
            call.call_id, [*context.messages, answer], context.system, context.tools, context.settings, step
        )
        self.end()
        self._append(step)
        self._pending = len(self.steps)

    def end(self) -> None:
        """Tell what was left out since the last call."""
        self.steps += [self._failed(placed, self._last) for placed in self._left_out]
        self._left_out = []

    def _base(self, call: ModelCall) -> Context:
        goes_on = call.relation in (None, Relation.CONTINUES)
        return self._contexts.get(call.parent_call_id or "", EMPTY) if goes_on else EMPTY

    def _asked(self, call: ModelCall, base: Context) -> tuple[Json, Context]:
        """Append what a request tells anew, and return how it is read back."""
        asked = call.request
        keep = num_shared(base, asked["messages"])
        difference: Json = {} if base is self._last else {"base": base.call_id or None}
        difference |= {} if keep == len(base.messages) else {"keep": keep}
        self._tell_system(asked.get("system"), base.system)
        for message in asked["messages"][keep:]:
            self._tell(message)
        settings = settings_of(asked, call.model)
        difference |= {} if settings == base.settings else {"settings": settings}
        read, context = request_of(difference, base, self._tools, self.steps[self._pending :], call.model)
        wrong: Json = {}
        if not _same_messages(read["messages"][keep:], asked["messages"][keep:]):
            wrong["messages"] = asked["messages"][keep:]
        if not same({"content": read.get("system")}, {"content": asked.get("system")}):
            wrong["system"] = asked.get("system")
        if read.get("tools") != asked.get("tools"):
            wrong["tools"] = asked.get("tools")
        if wrong:
            difference |= wrong
            context = request_of(difference, base, self._tools, self.steps[self._pending :], call.model)[1]
        return difference, context

    def _tell_system(self, system: Any, known: Any) -> None:
        if system is not None and not same({"content": system}, {"content": known}):
            content: Any = system if isinstance(system, str) else message_of(cast("list[Json]", system))
            self._append({"source": "system", "message": content, "extra": own(system=True)})

    def _tell(self, message: Mapping[str, Any]) -> None:
        role, content = message.get("role"), message.get("content")
        blocks = cast("list[Json]", content) if isinstance(content, list) else [{"type": "text", "text": str(content)}]
        if role == "assistant":
            copied = answer_fields(blocks, f"{len(self.steps)}")
            self._append({"source": "agent", **copied, "is_copied_context": True})
            return
        rest = [block for block in blocks if block.get("type") != "tool_result" or not self._placed(block)]
        if rest or not blocks:
            self._append({"source": "system" if role == "system" else "user", "message": message_of(rest)})

    def _placed(self, block: Json) -> bool:
        """Put a tool's result into the step that called the tool, where it has none of another kind yet."""
        name = block.get("tool_use_id")
        if not isinstance(name, str) or (owner := self._nearest.get(name)) is None:
            return False
        known = [one for one in results_in(owner) if one["source_call_id"] == name]
        if not known:
            add_result(owner, result_of(block))
        return not known or known == [result_of(block)]

    def _append(self, step: Json) -> None:
        self.steps.append(step)
        for call in items(step, "tool_calls"):
            self.owners.setdefault(call["tool_call_id"], step)
            self._nearest[call["tool_call_id"]] = step

    def _failed(self, placed: Placed, near: Context) -> Json:
        index, call, env_step = placed
        facts = {
            "untold": True,
            "call": call_facts(call, index, env_step, measured=False),
            "request": self._difference(call, near),
            "response": call.response,
        }
        said = "gave an answer that was not used" if call.is_answered else f"failed (status {call.status})"
        return {"source": "system", **_at(call), "message": f"A model call {said}.", "extra": own(**facts)}

    def _difference(self, call: ModelCall, near: Context) -> Json:
        messages: Any = call.request.get("messages")
        if not isinstance(messages, list):
            return {"whole": call.request}
        asked = cast("list[Json]", messages)
        keep = num_shared(near, asked)
        difference: Json = {
            "base": near.call_id or None,
            "keep": keep,
            "messages": asked[keep:],
            "settings": settings_of(call.request, call.model),
            "system": call.request.get("system"),
            "tools": call.request.get("tools"),
        }
        for name, known in (("system", near.system), ("tools", near.tools), ("settings", near.settings)):
            if near.call_id and same({"content": difference[name]}, {"content": known}):
                del difference[name]
        return difference


def _at(call: ModelCall) -> Json:
    return {"timestamp": timestamp(call.started_at)} if call.started_at else {}


def timestamp(epoch_s: float) -> str:
    """Return a time in the format's form: ISO 8601, UTC."""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _same_messages(one: Sequence[Json], other: Sequence[Json]) -> bool:
    return len(one) == len(other) and all(map(same, one, other))
