"""What variables and positional parameters give."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._words import Piece
from claudebox_rl.session.security.shell.reading import UNKNOWN, Word

if TYPE_CHECKING:
    from claudebox_rl.session.security.shell._scope import Scope

_FROM_OUTSIDE = frozenset({"HOME", "PWD", "OLDPWD", "TMPDIR", "USER", "LOGNAME", "HOSTNAME", "VIRTUAL_ENV"})
_NUMBERS = frozenset("?#$!-") | {"RANDOM", "SECONDS", "LINENO", "PPID", "UID", "EUID", "BASHPID", "EPOCHSECONDS"}

_PLAIN = re.compile(r"[^\s*?\[\]\\(){}]+")
"""A word that stays one, and the same, where it is split and expanded."""


def piece_of(word: Word, is_quoted: bool) -> Piece:
    """Return an expansion's value as a piece of a word."""
    return Piece(word.text, is_quoted=is_quoted, is_expanded=True, word=None if word.text is not None else word)


def variable(scope: Scope, name: str, is_quoted: bool) -> list[Piece]:
    """Return the pieces that a variable gives."""
    if name in ("@", "*") or name.isdigit():
        return _positional(scope, name, is_quoted)
    if name in _NUMBERS and name not in scope.variables:
        return [Piece(None, is_quoted=True, is_expanded=True, word=Word(None, is_tame=True))]
    word = scope.variables.get(name)
    if word is None:
        known = name in _FROM_OUTSIDE
        prefix = "~" if name == "HOME" else ""
        word = Word(None, prefix=prefix, is_many=not known and not is_quoted)
        if name == "PWD" and len(scope.folders) == 1:
            word = replace(word, prefix=next(iter(scope.folders)))
        return [Piece(None, is_quoted=is_quoted or known, is_expanded=True, word=word)]
    if word.text is None and is_quoted:
        word = replace(word, is_many=False)
    return [piece_of(word, is_quoted)]


def _positional(scope: Scope, name: str, is_quoted: bool) -> list[Piece]:
    args = scope.args
    if args is None:
        return [Piece(None, is_quoted=is_quoted and name.isdigit(), is_expanded=True, word=UNKNOWN)]
    if name.isdigit():
        at = int(name) - 1
        word = args[at] if 0 <= at < len(args) else Word("") if at >= 0 else UNKNOWN
        return [piece_of(replace(word, is_many=False) if is_quoted else word, is_quoted)]
    if len(args) == 1:
        return [piece_of(args[0], is_quoted)]
    if not args:
        return []
    if name == "*" and is_quoted and all(a.text is not None for a in args):
        return [Piece(" ".join(a.text or "" for a in args), is_quoted=True, is_expanded=True)]
    if all(a.text is not None and _PLAIN.fullmatch(a.text) for a in args):
        # Neither quoted nor not makes a difference: each is a word.
        return [Piece(" ".join(a.text or "" for a in args), is_expanded=True)]
    return [Piece(None, is_expanded=True, word=UNKNOWN)]
