"""What an answer says, thinks and calls, read from its text while it comes.

A parser is made for each answer by a function with the signature of `Parser`; the option `parser` names one of
`PARSERS`, or another as `module:function`, or is itself a response template
(https://huggingface.co/docs/transformers/chat_response_parsing), in which `reasoning_content`, `content` and
`tool_calls` are known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

from claudebox_rl._registry import resolve

HERMES: Mapping[str, Any] = {
    "start_anchor": "<|im_start|>assistant\n",
    "fields": {
        "reasoning_content": {"open_pattern": r"<think>\s*", "close_pattern": r"\s*</think>\s*", "content": "text"},
        "tool_calls": {"open_pattern": r"\s*<tool_call>", "close": "</tool_call>", "repeats": True, "content": "json"},
        "content": {"content": "text"},
    },
}
"""`<think>` and `<tool_call>` with JSON inside, as Qwen 2, Qwen 3 and Hermes are trained to write.

White space around the marks belongs to them.
"""
PARSERS = {
    "auto": f"{__name__}:tokenizer_parser",
    "hermes": f"{__name__}:hermes_parser",
    "plain": f"{__name__}:PlainParser",
}
_THOUGHTS = ("reasoning_content", "reasoning", "thinking")
_CALLS = "tool_calls"


@dataclass(frozen=True, slots=True)
class Text:
    """More of what the model says."""

    piece: str


@dataclass(frozen=True, slots=True)
class Thought:
    """More of what it thinks."""

    piece: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call, whole."""

    name: str
    tool_input: dict[str, Any]


Part = Text | Thought | Call


class OutputParser(Protocol):
    """Reads one answer."""

    def feed(self, text: str) -> list[Part]:
        """Take a piece of the answer, cut anywhere, and return what is certain now."""
        ...

    def end(self) -> list[Part]:
        """Return what was held back. A call that does not parse is text: nothing that was sampled gets lost."""
        ...


Parser = Callable[[Any, str, "Sequence[dict[str, Any]] | None"], OutputParser]
"""Takes the tokenizer, the beginning of the answer that the chat template wrote, and the tools that were offered."""


def find_parser(option: Any) -> Parser:
    """Find what the option `parser` stands for.

    Raises:
        ConfigError: No such parser.
    """
    if isinstance(option, Mapping):
        template = cast("Mapping[str, Any]", option)
        return lambda tokenizer, opening, tools: TemplateParser(tokenizer, opening, tools, template)
    return resolve("parser", str(option), PARSERS)


def tokenizer_parser(tokenizer: Any, opening: str, tools: Sequence[dict[str, Any]] | None) -> OutputParser:
    """Read an answer as the tokenizer says, else as `hermes`."""
    return TemplateParser(tokenizer, opening, tools, getattr(tokenizer, "response_template", None) or HERMES)


def hermes_parser(tokenizer: Any, opening: str, tools: Sequence[dict[str, Any]] | None) -> OutputParser:
    """Read thoughts and calls in the form of Hermes and Qwen."""
    return TemplateParser(tokenizer, opening, tools, HERMES)


class PlainParser:
    """All is text."""

    def __init__(self, tokenizer: Any, opening: str, tools: Sequence[dict[str, Any]] | None) -> None:
        pass

    def feed(self, text: str) -> list[Part]:
        """See `OutputParser.feed`."""
        return [Text(text)]

    def end(self) -> list[Part]:
        """See `OutputParser.end`."""
        return []


class TemplateParser:
    """Reads an answer with the library's own parser, and gives as text what that one can't take.

    Args:
        tokenizer: Makes the library's parser.
        opening: As in `Parser`.
        tools: As in `Parser`.
        template: The response template.
    """

    def __init__(
        self, tokenizer: Any, opening: str, tools: Sequence[dict[str, Any]] | None, template: Mapping[str, Any]
    ) -> None:
        self._make = partial(tokenizer.get_response_parser, dict(template), tools=tools)
        self._parser: Any = self._make(prefix=opening)
        self._unread = ""
        """What the library's parser has taken and not given back yet."""

    def feed(self, text: str) -> list[Part]:
        """See `OutputParser.feed`."""
        # One character at a time, so that a region that does not parse ends where it ends.
        return [part for character in text for part in self._take(character)]

    def end(self) -> list[Part]:
        """See `OutputParser.end`."""
        return self._read(lambda: self._parser.finalize()[1])

    def _take(self, character: str) -> list[Part]:
        self._unread += character
        return self._read(lambda: self._parser.feed(character))

    def _read(self, events: Callable[[], list[dict[str, Any]]]) -> list[Part]:
        try:
            return [part for event in events() for part in self._parts(event)]
        except (ValueError, KeyError, TypeError):
            # What does not parse breaks the library's parser; what comes after it gets a new one.
            self._parser = self._make(prefix="")
            text, self._unread = self._unread, ""
            return [Text(text)]

    def _parts(self, event: Mapping[str, Any]) -> list[Part]:
        field, kind = event["field"], event["type"]
        if kind == "region_chunk" and not event["dirty"]:
            piece: str = event["text"]
            self._unread = self._unread.removeprefix(piece) if self._unread.startswith(piece) else ""
            return [Thought(piece) if field in _THOUGHTS else Text(piece)]
        if kind != "region_close" or field != _CALLS:
            return []
        listed: Any = event["value"]
        calls = [_call(each) for each in (cast("list[Any]", listed) if isinstance(listed, list) else [listed])]
        self._unread = ""
        return [*calls]


def _call(value: Any) -> Call:
    """Read one call, in the form of OpenAI's (with `function`) or bare.

    Raises:
        ValueError: It has no name, or its arguments are no object.
    """
    fields = _fields(_fields(value).get("function", value))
    name, given = fields.get("name"), fields.get("arguments", {})
    if not isinstance(name, str) or not name:
        raise ValueError("not a call")
    return Call(name, _fields(json.loads(given) if isinstance(given, str) else given))


def _fields(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not a call")
    return cast("dict[str, Any]", value)
