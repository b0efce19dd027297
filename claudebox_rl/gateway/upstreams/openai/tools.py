"""Tools on offer and the choice among them, as a chat request names them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from claudebox_rl.gateway.upstreams.openai.blocks import Block, UntranslatableError, blocks, field, record

Fields = dict[str, Any]


def tool_fields(request: Fields) -> Fields:
    """Return `tools`, `tool_choice` and `parallel_tool_calls`; none of them where no tool is on offer.

    A deferred tool is on offer once the conversation has loaded it, and none that the conversation has withdrawn.

    Raises:
        UntranslatableError: A tool that only Anthropic's servers have, or a choice that is unknown.
    """
    changes = dict(_changes(request))
    declared = [(index, each) for index, each in enumerate(_declared(request))]
    offered = [
        _tool(tool, f"tools.{index}")
        for index, tool in declared
        if changes.get(str(tool.get("name")), tool.get("defer_loading") is not True)
    ]
    return {"tools": offered, **_choice(request.get("tool_choice"))} if offered else {}


def _declared(request: Fields) -> list[Block]:
    tools: Any = request.get("tools") or []
    if not isinstance(tools, list) or not all(isinstance(each, dict) for each in cast("list[Any]", tools)):
        raise UntranslatableError("tools: a list of objects is required")
    return cast("list[Block]", tools)


def _tool(tool: Block, where: str) -> Fields:
    if tool.get("type") not in (None, "custom"):
        raise UntranslatableError(f"{where}: a tool of type {tool['type']!r} is one of Anthropic's own servers")
    function: Fields = {"name": field(tool, "name", str, where), "parameters": record(tool, "input_schema", where)}
    if tool.get("description"):
        function["description"] = field(tool, "description", str, where)
    if "strict" in tool:
        function["strict"] = field(tool, "strict", bool, where)
    return {"type": "function", "function": function}


def _choice(choice: Any) -> Fields:
    if choice is None:
        return {}
    if not isinstance(choice, dict):
        raise UntranslatableError("tool_choice: an object is required")
    chosen = cast("Block", choice)
    parallel = {"parallel_tool_calls": False} if chosen.get("disable_parallel_tool_use") is True else {}
    match chosen.get("type"):
        case "auto" | "none" as same:
            return {"tool_choice": same, **parallel}
        case "any":
            return {"tool_choice": "required", **parallel}
        case "tool":
            function = {"name": field(chosen, "name", str, "tool_choice")}
            return {"tool_choice": {"type": "function", "function": function}, **parallel}
        case other:
            raise UntranslatableError(f"tool_choice.type: must be auto, any, tool or none, not {other!r}")


def _changes(request: Fields) -> Iterator[tuple[str, bool]]:
    """Yield names of tools that the conversation loads (True) or withdraws (False), in their order."""
    for index, message in enumerate(request["messages"]):
        for block in blocks(message.get("content"), f"messages.{index}.content"):
            match block.get("type"):
                case "tool_result":
                    yield from _loaded(block)
                case "tool_addition" | "tool_removal" as change:
                    tool = record(block, "tool", f"messages.{index}")
                    if tool.get("type") != "tool_reference":
                        raise UntranslatableError(f"messages.{index}: a tool is added or removed by reference alone")
                    yield field(tool, "name", str, f"messages.{index}"), change == "tool_addition"
                case _:
                    continue


def _loaded(result: Block) -> Iterator[tuple[str, bool]]:
    for block in blocks(result.get("content"), "tool_result"):
        if block.get("type") == "tool_reference":
            yield field(block, "tool_name", str, "tool_reference"), True
