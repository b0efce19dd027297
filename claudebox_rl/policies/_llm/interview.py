"""How a model is asked for an action: what it is told that it plays, what it is shown, and its actions as tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

Json = dict[str, Any]
Observation = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """One kind of action, offered to the model as a tool."""

    description: str
    fields: Mapping[str, Json]
    """JSON schema of each field; all are required."""
    action: Callable[[Json], Any]
    """From the tool's input, whose fields are there, to the action."""


@dataclass(frozen=True, slots=True)
class Interview:
    """One seat, as a model plays it."""

    system: str
    show: Callable[[Observation], str]
    """From what is seen to what the model is told of it."""
    moves: Mapping[str, Move]
    """By the tool's name."""
    spoken: str | None = None
    """The move whose only field takes a text that the model says without a tool; None: that is no action."""

    def tools(self) -> list[Json]:
        """Return the moves as the Messages API takes tools."""
        return [
            {
                "name": name,
                "description": move.description,
                "input_schema": {
                    "type": "object",
                    "properties": dict(move.fields),
                    "required": list(move.fields),
                },
            }
            for name, move in self.moves.items()
        ]

    def action(self, message: Json) -> Any:
        """Return the action that a message stands for: its first tool call, else what it says.

        Raises:
            ValueError: None; the text tells the model why.
        """
        for block in message["content"]:
            if block.get("type") == "tool_use":
                return self._move(str(block.get("name")), block.get("input"))
        text = "".join(block["text"] for block in message["content"] if block.get("type") == "text")
        if self.spoken is None or not text.strip():
            raise ValueError(f"call one of the tools: {', '.join(self.moves)}")
        (field,) = self.moves[self.spoken].fields
        return self._move(self.spoken, {field: text})

    def _move(self, name: str, given: Any) -> Any:
        if name not in self.moves:
            raise ValueError(f"there is no tool {name}; call one of: {', '.join(self.moves)}")
        move = self.moves[name]
        if not isinstance(given, dict) or not move.fields.keys() <= given.keys():  # pyright: ignore[reportUnknownMemberType]
            raise ValueError(f"{name} needs {', '.join(move.fields)}")
        return move.action(cast("Json", given))
