"""Tool calls' inputs as a person reads them."""

from __future__ import annotations

import json
from typing import NamedTuple

from claudebox_rl.types import ToolCall


class Block(NamedTuple):
    """A text with its title; both may come from the agent."""

    title: str
    text: str


def tool_input(call: ToolCall) -> Block:
    """Return a call's input: a command as text, a written file as path and content, an edit as a diff, else JSON."""
    match call.name, call.input:
        case "Bash", {"command": str(command)}:
            return Block(str(call.input.get("description", "")), f"$ {command}")
        case "Write", {"file_path": str(path), "content": str(content)}:
            return Block(path, content)
        case "Edit", {"file_path": str(path), "old_string": str(old), "new_string": str(new)}:
            return Block(path, "\n".join([*_marked("-", old), *_marked("+", new)]))
        case _:
            return Block("", json.dumps(call.input, ensure_ascii=False))


def _marked(mark: str, text: str) -> list[str]:
    return [f"{mark} {line}" for line in text.split("\n")] if text else []
