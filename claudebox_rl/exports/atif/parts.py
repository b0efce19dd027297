"""The small pieces of the format: contents, tool calls, results, tools, and what is ours in its `extra` objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from claudebox_rl.message_content import plain_content

Json = dict[str, Any]
OWN = "claudebox_rl"
_TOOL_FIELDS = {"name", "description", "input_schema"}


def own_of(thing: Mapping[str, Any]) -> Json:
    """Return what claudebox_rl wrote about an object of the format; empty where it wrote nothing."""
    extra: Any = thing.get("extra")
    own: Any = cast("Json", extra).get(OWN) if isinstance(extra, dict) else None
    return cast("Json", own) if isinstance(own, dict) else {}


def own(**facts: Any) -> Json:
    """Return the `extra` that says so."""
    return {OWN: facts}


def items(thing: Mapping[str, Any], name: str) -> list[Json]:
    """Return a list of objects; empty where there is none."""
    return cast("list[Json]", thing.get(name) or [])


def table(thing: Mapping[str, Any], name: str) -> Json:
    """Return an object; empty where there is none."""
    return cast("Json", thing.get(name) or {})


def results_in(step: Mapping[str, Any]) -> list[Json]:
    """Return the results that a step observed."""
    return items(table(step, "observation"), "results")


def add_result(step: Json, result: Json) -> None:
    """Add to the results that a step observed."""
    step["observation"] = {"results": [*results_in(step), result]}


def blocks_of(content: Any) -> list[Json]:
    """Return a content, of a message or of the format, as the Messages API's blocks."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [_block(cast("Json", part)) for part in cast("list[Any]", content or []) if isinstance(part, dict)]


def _block(part: Json) -> Json:
    source = part.get("source")
    if part.get("type") in ("image", "audio") and isinstance(source, dict) and "path" in source:
        found = cast("Json", source)
        return {"type": "text", "text": f"[{found.get('media_type')}: {found['path']}]"}  # never opened: untrusted
    return part


def message_of(blocks: Iterable[Mapping[str, Any]]) -> str | list[Json]:
    """Return blocks as the format has a content: one text as it is, else parts."""
    parts = parts_of(blocks)
    return parts[0]["text"] if len(parts) == 1 else parts or ""


def parts_of(blocks: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Return blocks as the format's parts; what is no text is named in brackets."""
    return [{"type": "text", "text": _text_of(block)} for block in blocks]


def _text_of(block: Mapping[str, Any]) -> str:
    if block.get("type") == "text" and isinstance(block.get("text"), str):
        return block["text"]
    source: Any = block.get("source")
    kind = cast("Json", source).get("media_type") if isinstance(source, dict) else None
    return f"[{kind or block.get('type')}]"


def answer_fields(content: Sequence[Any], number: str) -> Json:
    """Return what an agent's step says of a model's answer.

    Args:
        content: The answer's blocks.
        number: Tells apart tool calls that have no id.
    """
    blocks = [cast("Json", block) for block in content if isinstance(block, dict)]
    kinds = {
        kind: [block for block in blocks if block.get("type") == kind] for kind in ("thinking", "text", "tool_use")
    }
    fields: Json = {"message": message_of(kinds["text"])}
    if kinds["thinking"]:
        fields["reasoning_content"] = "\n\n".join(str(block.get("thinking", "")) for block in kinds["thinking"])
    if kinds["tool_use"]:
        fields["tool_calls"] = [
            tool_call(block.get("id"), block.get("name"), block.get("input"), f"{number}-{index}")
            for index, block in enumerate(kinds["tool_use"])
        ]
    return fields


def tool_call(call_id: Any, name: Any, arguments: Any, number: str) -> Json:
    """Return a tool call of the format, which knows no malformed ones."""
    return {
        "tool_call_id": call_id if isinstance(call_id, str) else f"call-{number}",
        "function_name": str(name),
        "arguments": arguments if isinstance(arguments, dict) else {},
    }


def answer_of(step: Mapping[str, Any]) -> list[Json]:
    """Return the blocks of an answer: as they were where we wrote them down, else thoughts, texts and tool calls."""
    if (exact := own_of(step).get("content")) is not None:
        return exact
    thoughts = step.get("reasoning_content")
    return [
        *([{"type": "thinking", "thinking": thoughts}] if isinstance(thoughts, str) else []),
        *blocks_of(step.get("message")),
        *(
            {"type": "tool_use", "id": call["tool_call_id"], "name": call["function_name"], "input": call["arguments"]}
            for call in items(step, "tool_calls")
        ),
    ]


def result_of(block: Mapping[str, Any]) -> Json:
    """Return a `tool_result` block as a result of the format."""
    result: Json = {"source_call_id": block.get("tool_use_id")}
    content: Any = block.get("content")
    if content is not None:
        result["content"] = content if isinstance(content, str) else parts_of(blocks_of(content))
    if "is_error" in block:
        result["extra"] = own(is_error=block["is_error"])
    return result


def results_told(step: Mapping[str, Any]) -> list[Json]:
    """Return the blocks by which a model learns of a step's results; such without a tool call are plain text."""
    blocks: list[Json] = []
    for result in results_in(step):
        said = own_of(result)
        if said.get("untold"):
            continue
        if result.get("source_call_id") is None:
            blocks += blocks_of(result.get("content"))
            continue
        block: Json = {"type": "tool_result", "tool_use_id": result["source_call_id"]}
        if (content := result.get("content")) is not None:
            block["content"] = content if isinstance(content, str) else blocks_of(content)
        blocks.append(block | ({"is_error": said["is_error"]} if "is_error" in said else {}))
    return blocks


def definitions_of(tools: Any) -> list[Json]:
    """Return the Messages API's tools as OpenAI's function definitions."""
    return [
        {
            "type": "function",
            "function": {"name": str(tool.get("name")), "parameters": tool.get("input_schema") or {}}
            | ({"description": tool["description"]} if "description" in tool else {}),
        }
        for tool in cast("list[Json]", tools or [])
    ]


def tools_of(agent: Mapping[str, Any]) -> Any:
    """Return the tools of an agent as the Messages API has them; None where nothing is said of them."""
    if "tools" in (known := own_of(agent)):
        return known["tools"]
    functions = [table(definition, "function") for definition in items(agent, "tool_definitions")]
    renamed = [one | {"input_schema": table(one, "parameters")} for one in functions]
    return [{name: value for name, value in one.items() if name in _TOOL_FIELDS} for one in renamed] or None


def same(one: Any, other: Any) -> bool:
    """Whether a model reads two messages, or anything with a content, as the same."""
    return one.get("role") == other.get("role") and _typed(plain_content(one)) == _typed(plain_content(other))


def _typed(value: Any) -> Any:
    """Return a value in which true and 1 are two things, as in JSON."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, list):
        return [_typed(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {name: _typed(item) for name, item in cast("Json", value).items()}
    return value
