"""What a model was asked, told by the steps before its answer: one rule, for writing and for reading.

A request of an agent is that of an earlier call with the answer and what came since. Where the steps say so, nothing
more is written down; where they do not, what differs stands in the step of the answer, under `request`:
`base`, the call it goes on from (null: none); `keep`, how many of that call's messages, its answer among them, come
first; `messages`, those that follow; `system`, `tools` and `settings`, the request's other fields. Of a call that was
no request of the Messages API all of it stands under `whole`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from claudebox_rl.exports.atif.parts import Json, answer_of, blocks_of, own_of, results_told, same
from claudebox_rl.message_content import is_answer

_APART = ("messages", "system", "tools")


@dataclass(frozen=True, slots=True)
class Context:
    """What stands after a model's answer."""

    call_id: str
    messages: list[Json]
    """With the answer."""
    system: Any
    tools: Any
    settings: Json
    """The request's other fields."""
    step: Json
    """That of the answer."""


EMPTY = Context("", [], None, None, {}, {})


def told(before: Mapping[str, Any], steps: Sequence[Json]) -> list[Json]:
    """Return the messages that steps say, after the results of the step `before` them (which may be empty)."""
    messages: list[Json] = []
    _add(messages, "user", results_told(before))
    for step in steps:
        said = own_of(step)
        if said.get("untold") or said.get("system"):
            continue
        if step["source"] == "agent":
            messages.append({"role": "assistant", "content": answer_of(step)})
        else:
            _add(messages, step["source"], blocks_of(step["message"]))
        _add(messages, "user", results_told(step))
    return messages


def _add(messages: list[Json], role: str, blocks: list[Json]) -> None:
    if not blocks:
        return
    if messages and messages[-1]["role"] == role == "user":
        messages[-1]["content"] += blocks
    else:
        messages.append({"role": role, "content": list(blocks)})


def system_told(steps: Sequence[Json], default: Any) -> Any:
    """Return the system prompt that steps say, else the default."""
    for step in reversed(steps):
        if own_of(step).get("system"):
            return step["message"] if isinstance(step["message"], str) else blocks_of(step["message"])
    return default


def num_shared(base: Context, messages: Sequence[Json]) -> int:
    """Return how many messages of a request are those that stand in a context; of its answer, as the model said it."""
    answer = len(base.messages) - 1
    for index, (known, asked) in enumerate(zip(base.messages, messages, strict=False)):
        if not (is_answer(asked, known) if index == answer else same(known, asked)):
            return index
    return min(len(base.messages), len(messages))


def settings_of(request: Mapping[str, Any], model: str) -> Json:
    """Return a request's other fields; `model` is null where it names none though one is known."""
    settings = {name: value for name, value in request.items() if name not in _APART}
    if settings.get("model", "") == model:
        settings.pop("model", None)
    elif "model" not in settings:
        settings["model"] = None
    return settings


def request_of(
    difference: Mapping[str, Any], base: Context, default_tools: Any, steps: Sequence[Json], model: str
) -> tuple[Json, Context]:
    """Return a request, and its context without the answer.

    Args:
        difference: What stands in the answer's step, under `request`.
        base: The call that it goes on from.
        default_tools: Of the agent, where it goes on from none.
        steps: Those between the call before, in the same trajectory, and this one.
        model: As asked.
    """
    if "whole" in difference:
        return difference["whole"], EMPTY
    keep = int(difference.get("keep", len(base.messages)))
    is_next = keep == len(base.messages)
    fresh = difference["messages"] if "messages" in difference else told(base.step if is_next else {}, steps)
    messages = [*base.messages[:keep], *fresh]
    system = difference["system"] if "system" in difference else system_told(steps, base.system)
    tools = difference.get("tools", base.tools if base.call_id else default_tools)
    settings = cast("Json", difference.get("settings", base.settings))
    named = {"model": model} if model and "model" not in settings else {}
    request: Json = named | {name: value for name, value in settings.items() if value is not None or name != "model"}
    request["messages"] = messages
    request |= {name: value for name, value in (("system", system), ("tools", tools)) if value is not None}
    return request, Context("", messages, system, tools, dict(settings), {})
