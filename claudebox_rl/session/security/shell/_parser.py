"""The parser, and what it is not asked to parse."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

CAP_CHARS = 200_000
_UNTIMED_BYTES = 2_000
_PIECE_BYTES = 65_536
_PARSE_TIMEOUT_S = 0.3
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


def parse(text: str) -> Node | None:
    """Return the root of a text's tree, or None where parsing takes too long; see `why_not_parsed` first."""
    source = text.encode()
    if len(source) > _UNTIMED_BYTES and not _is_parsed_in_time(source):
        return None
    return _parser().parse(source).root_node


def _is_parsed_in_time(source: bytes) -> bool:
    """Whether the parser comes to an end in time; it takes a limit only where it asks for the text piece by piece."""
    end = time.monotonic() + _PARSE_TIMEOUT_S
    parser = _parser()

    def piece(at: int, _point: object) -> bytes:
        return source[at : at + _PIECE_BYTES]

    def is_late(_at: int, _has_error: bool) -> bool:
        return time.monotonic() > end

    try:
        parser.parse(piece, progress_callback=is_late)
    except ValueError:
        parser.reset()
        return False
    return True


def text_of(node: Node) -> str:
    """Return the source of a node."""
    return (node.text or b"").decode(errors="replace")
