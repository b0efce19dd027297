"""The parser, and what it is not asked to parse."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

CAP_CHARS = 200_000
CAP_NESTING = 40
"""The parser looks ahead at each opening bracket; beyond this it may take seconds."""


@cache
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def why_not_parsed(text: str) -> str | None:
    """Return why a text is not parsed at all, or None."""
    if len(text) > CAP_CHARS:
        return f"the command has {len(text)} characters, more than the {CAP_CHARS} that are judged"
    if "\0" in text:
        return "the command has a NUL character, which shells drop"
    if "\r" in text:
        return "the command has a carriage return, which is no end of a line to a shell"
    depth = deepest = 0
    for char in text:
        if char in "({":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")}":
            depth = max(0, depth - 1)
    if deepest > CAP_NESTING:
        return f"the command nests more than {CAP_NESTING} brackets deep"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "the command is not valid Unicode"
    return None


def parse(text: str) -> Node:
    """Return the root of a text's tree; see `why_not_parsed` first."""
    return _parser().parse(text.encode()).root_node


def text_of(node: Node) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode(errors="replace")
