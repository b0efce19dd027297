"""Long text stored once: JSON in which long values are replaced by `{"$text": "<id>"}`, and back.

Works on the JSON's text, token by token and without recursion: no value is too deep, and what comes back has the
numbers, keys and order that went in, without the space between them. Strings are replaced on their own, below the
block that holds them, so that a block that differs in little, such as in a `cache_control` mark, shares its text.

A key of the data that is itself `$text`, or that with more dollars, gets one more: `$$text`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, TypeAlias, cast

from claudebox_rl.trajectory.json_text import quoted, tokens
from claudebox_rl.trajectory.nesting import loads

MIN_CHARS = 512
"""Of compact JSON, or of plain text; what is shorter stays where it is."""
Lookup = Callable[[str], str]
"""Returns the text of an id."""

_ID_BYTES = 16
# Inside a string every quote has a backslash before it, so these match JSON's own syntax alone, and no content.
_REF = re.compile(r'\{"\$text":"([0-9a-f]{32})"\}')
_FOLDED = re.compile(rf'{_REF.pattern}|(?<=[{{,])"\$(\$+text)":')
_OWN_KEY = re.compile(r'"\$+text":')
_OWN_TEXT = re.compile(r'\{"\$+text":"')
_ONE_MORE = re.compile(r"\$\$+text")
_REMEMBERED = 4
_RESTS = 8
_IN_A_LIST = 2
"""Values that are open around an element of a list right below the outermost one, without that list."""
_Mark = tuple[int, list[str], int, list[str], int]
"""Where an element of a list ended; the pieces of the outermost value and of that list, and how many were there."""


def text_id(text: str) -> str:
    """Return the id of a text: 128 bits of BLAKE2b as hexadecimal digits, so that it is a checksum too."""
    return digest_of(text.encode())


def digest_of(text: Any) -> str:
    """As `text_id`, of the bytes of a text's UTF-8."""
    return blake2b(text, digest_size=_ID_BYTES).hexdigest()


Rests: TypeAlias = "dict[str, tuple[str, dict[str, str]]]"
"""What followed a list right below the outermost value, as the system prompt and tools follow the messages: as it was
folded, and the texts that were kept of it by their ids."""


class Texts:
    """The long texts of one episode, each once, in the order in which they first came.

    Args:
        rests: Shared by episodes that are folded one after the other, so that what they all say is read once.

    Attributes:
        by_id: JSON, which may refer to others.
    """

    def __init__(self, rests: Rests | None = None) -> None:
        self.by_id: dict[str, str] = {}
        self._rests: Rests = {} if rests is None else rests
        self._kept: list[str] = []
        self._names: dict[str, str] = {}
        self._known: list[tuple[str, list[_Mark]]] = []

    def fold(self, value: str) -> str:
        """Return JSON without its long nested values, which are kept here.

        The outermost value stays, and so does a list right below it, of which the elements are folded.

        Args:
            value: Valid JSON.
        """
        if len(value) < MIN_CHARS and '$text"' not in value:
            return value
        marks: list[_Mark] = []  # an agent asks what it asked before, and more: that is read once
        for other, its_marks in self._known:
            if len(its_marks) > len(marks):
                shared = _num_shared(value, other, its_marks)
                marks = max(marks, its_marks[:shared], key=len)
        folded = self._folded(value, marks)
        self._known = [(value, marks), *self._known[: _REMEMBERED - 1]]
        return folded

    def fold_text(self, value: str) -> str:
        """Return plain text, or the reference to it where it is long."""
        if len(value) >= MIN_CHARS:
            return self._keep(quoted(value))
        return escape_text(value)

    def _folded(self, value: str, marks: list[_Mark]) -> str:
        """Fold from the last mark on, and add those that follow."""
        start, stack, pieces = 0, cast("list[list[str]]", []), cast("list[str]", [])
        rests: list[tuple[str, int, int]] = []
        self._kept = []
        if marks:
            start, outer, num_outer, inner, num_inner = marks[-1]
            stack, pieces = [[], outer[:num_outer]], inner[:num_inner]
        for token, end in tokens(value, start):
            first = token[0]
            if first == '"':
                if token[-1] == ":":
                    token = _escaped(token)
                elif len(token) >= MIN_CHARS and stack:
                    token = self._keep(token)
            elif first in "{[":
                stack.append(pieces)
                pieces = []
            elif first in "}]":
                token = "".join([*pieces, token])
                pieces = stack.pop()
                if len(token) >= MIN_CHARS and (len(stack) > 1 or (stack and first == "}")):
                    token = self._keep(token)
                if len(stack) == _IN_A_LIST and pieces[0] == "[":
                    marks.append((end, stack[1], len(stack[1]), pieces, len(pieces) + 1))
                if len(stack) == 1 and first == "]" and len(value) - end >= MIN_CHARS:
                    rest, before = value[end:], "".join([*pieces, token])
                    if (known := self._rests.get(rest)) is not None:
                        for name, text in known[1].items():
                            self._keep(text, name)
                        return self._learned(before + known[0], rests)
                    rests.append((rest, len(before), len(self._kept)))
            pieces.append(token)
        return self._learned("".join(pieces), rests)

    def _learned(self, folded: str, rests: list[tuple[str, int, int]]) -> str:
        """Return folded JSON, and remember its rests: where each begins there, and in the texts that were kept."""
        for rest, start, num_kept in rests:
            if len(self._rests) >= _RESTS:
                self._rests.pop(next(iter(self._rests)))
            self._rests[rest] = (folded[start:], {name: self.by_id[name] for name in self._kept[num_kept:]})
        return folded

    def _keep(self, text: str, known: str = "") -> str:
        """Keep a text, whose id may be known, and return the reference to it."""
        name = self._names.get(text)
        if name is None:
            name = self._names[text] = known or text_id(text)
            self.by_id[name] = text
        self._kept.append(name)
        return f'{{"$text":"{name}"}}'


def text_ids(value: str) -> list[str]:
    """Return the ids of the texts that JSON or plain text, as it is stored, refers to."""
    return _REF.findall(value)


def escape(value: str) -> str:
    """Return JSON that was never folded as `unfold` takes it."""
    if '$text"' not in value:
        return value
    return "".join(_escaped(token) if token[0] == '"' and token[-1] == ":" else token for token, _ in tokens(value))


def escape_text(value: str) -> str:
    """Return plain text that was never folded as `unfold_text` takes it."""
    return f'{{"${value[2:]}' if _OWN_TEXT.match(value) else value


def unfold(value: str, lookup: Lookup) -> str:
    """Return folded JSON as it was before, without space between its tokens.

    Args:
        value: As `Texts.fold` returned it.
        lookup: Finds texts.
    """
    if '$text"' not in value:
        return value
    pieces: list[str] = []
    waiting = [(value, 0, _FOLDED.finditer(value))]
    while waiting:
        text, start, matches = waiting.pop()
        for match in matches:
            pieces.append(text[start : match.start()])
            start = match.end()
            if match[1]:
                inner = lookup(match[1])
                waiting += [(text, start, matches), (inner, 0, _FOLDED.finditer(inner))]
                break
            pieces.append(f'"{match[2]}":')
        else:
            pieces.append(text[start:])
    return "".join(pieces)


def unfold_text(value: str, lookup: Lookup) -> str:
    """Return plain text as it was before `Texts.fold_text`."""
    if (ref := _REF.fullmatch(value)) is not None:
        return json.loads(lookup(ref[1]))
    return f'{{"{value[3:]}' if _OWN_TEXT.match(value) else value


class Plain:
    """Parses JSON that was never folded, as in journals."""

    def parse(self, value: str) -> Any:
        """Return the value."""
        return loads(value)

    def text(self, value: str) -> str:
        """Return the text itself."""
        return value


class Parser(Plain):
    """Parses folded JSON. A string that is met again is the same object: a long talk costs what is new in each call.

    Args:
        lookup: Finds texts.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._strings: dict[str, str] = {}

    def parse(self, value: str) -> Any:
        """Return the value that folded JSON stands for. What is mutable in it is the caller's alone."""
        if '$text"' not in value:
            return loads(value)
        try:
            return json.loads(value, object_hook=self._resolved)
        except RecursionError:  # of texts within texts, or of what they hold
            return loads(unfold(value, self._lookup))

    def text(self, value: str) -> str:
        """Return the text that was given to `Texts.fold_text`."""
        ref = _REF.fullmatch(value)
        return unfold_text(value, self._lookup) if ref is None else self._found(ref[1])

    def _resolved(self, value: dict[str, Any]) -> Any:
        if len(value) == 1 and "$text" in value:
            return self._found(value["$text"])
        if any(map(_ONE_MORE.fullmatch, value)):
            return {key[1:] if _ONE_MORE.fullmatch(key) else key: item for key, item in value.items()}
        return value

    def _found(self, name: str) -> Any:
        if (known := self._strings.get(name)) is not None:
            return known
        value = self.parse(self._lookup(name))
        if isinstance(value, str):
            self._strings[name] = value
        return value


def _escaped(key: str) -> str:
    if key[-2] != '"':  # not as we write it
        key = f"{key[:-1].rstrip()}:"
    return f'"${key[1:]}' if key[1] == "$" and _OWN_KEY.fullmatch(key) else key


def _num_shared(value: str, other: str, marks: list[_Mark]) -> int:
    """Return how many marks of the other value lie in what both begin with."""
    start = 0
    for count, (end, *_) in enumerate(marks):
        if not value.startswith(other[start:end], start):
            return count
        start = end
    return len(marks)
