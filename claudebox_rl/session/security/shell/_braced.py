"""Expansions in braces: `${x}`, `${x:-word}` and their like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._cuts import cut
from claudebox_rl.session.security.shell._expand import read_inside, value_of
from claudebox_rl.session.security.shell._parameters import piece_of, variable
from claudebox_rl.session.security.shell._parser import text_of
from claudebox_rl.session.security.shell._words import Piece
from claudebox_rl.session.security.shell.reading import UNKNOWN, Word

if TYPE_CHECKING:
    from tree_sitter import Node

    from claudebox_rl.session.security.shell._around import Around
    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope


def braced(reader: Reader, node: Node, scope: Scope, around: Around, is_quoted: bool) -> list[Piece]:
    """Return the pieces that a `${...}` gives."""
    inside = [child for child in node.children if child.type not in ("${", "}")]
    if len(inside) == 1 and inside[0].type in ("variable_name", "special_variable_name"):
        return variable(scope, text_of(inside[0]), is_quoted)
    read_inside(reader, node, scope, around)
    source = text_of(node)
    unknown = [Piece(None, is_quoted=is_quoted and "@" not in source, is_expanded=True, word=UNKNOWN)]
    if source.startswith("${#"):
        return [Piece(None, is_quoted=True, is_expanded=True, word=Word(None, is_tame=True))]
    if not inside or inside[0].type != "variable_name" or len(inside) < 2:
        return unknown
    name, operator = text_of(inside[0]), text_of(inside[1])
    if operator in ("=", ":="):
        scope.assign(name, UNKNOWN)
        return unknown
    known = scope.variables.get(name)
    if known is not None and known.text is not None and (text := cut(source, known.text)) is not None:
        return [piece_of(Word(text), is_quoted)]
    if operator in (":-", "-") and known is not None and known.text is not None:
        if known.text or operator == "-":
            return [piece_of(known, is_quoted)]
        return [piece_of(value_of(reader, inside[2:], scope, around), is_quoted)]
    return unknown
