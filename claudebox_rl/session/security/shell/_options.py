"""Where a launcher's own words end and its command begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claudebox_rl.session.security.shell.reading import Word


@dataclass(frozen=True, slots=True)
class Options:
    """How a launcher's words are read.

    Attributes:
        short: Letters of options that take a value.
        long: Long options that take a value as the next word.
        operands: How many words stand before the command.
        assigns: Whether `NAME=value` words may stand before it.
    """

    short: str = ""
    long: frozenset[str] = frozenset()
    operands: int = 0
    assigns: bool = False


@dataclass(slots=True)
class Parsed:
    """A launcher's words, taken apart.

    Attributes:
        values: Option -> its values, by its letter or long name; "" for none.
        operands: The words before the command.
        assignments: `NAME=value` words.
        rest: The command; empty where there is none.
        is_known: Whether all this is sure.
    """

    values: dict[str, list[Word | None]] = field(default_factory=dict[str, "list[Word | None]"])
    operands: list[Word] = field(default_factory=list["Word"])
    assignments: list[tuple[str, Word]] = field(default_factory=list["tuple[str, Word]"])
    rest: list[Word] = field(default_factory=list["Word"])
    is_known: bool = True

    def value(self, *names: str) -> Word | None:
        """Return the last value of an option under any of its names."""
        found = [value for name in names for value in self.values.get(name, [])]
        return found[-1] if found else None

    def has(self, *names: str) -> bool:
        """Whether an option was given under any of these names."""
        return any(name in self.values for name in names)


def take_apart(words: list[Word], options: Options) -> Parsed:
    """Take a launcher's words apart; `words` are those after its name."""
    parsed = Parsed()
    left = list(words)
    wanted = options.operands
    is_ended = False
    while left:
        word = left[0]
        start = word.starts()
        if word.text is None and not start and not word.is_tame:
            parsed.is_known = False
        if word.text == "--" and not is_ended:
            is_ended = True
            left.pop(0)
        elif start.startswith("-") and len(start) > 1 and not is_ended:
            left.pop(0)
            _option(word, left, options, parsed)
        elif options.assigns and _is_assignment(start):
            left.pop(0)
            name, _, _value = start.partition("=")
            parsed.assignments.append((name, _after(word, len(name) + 1)))
        elif wanted:
            wanted -= 1
            parsed.operands.append(left.pop(0))
        else:
            break
    parsed.rest = left
    return parsed


def _is_assignment(text: str) -> bool:
    name, equals, _ = text.partition("=")
    return bool(equals) and name.isidentifier() and name.isascii()


def _after(word: Word, at: int) -> Word:
    from dataclasses import replace

    if word.text is None:
        return replace(word, prefix=word.prefix[at:], pattern=None)
    return replace(word, text=word.text[at:])


def _option(word: Word, left: list[Word], options: Options, parsed: Parsed) -> None:
    start = word.starts()
    if start.startswith("--"):
        name, equals, _ = start.partition("=")
        if equals:
            parsed.values.setdefault(name, []).append(_after(word, len(name) + 1))
        elif word.text is None:
            parsed.is_known = False
        else:
            full = [one for one in options.long if one.startswith(name)]
            key = full[0] if full else name
            parsed.values.setdefault(key, []).append(left.pop(0) if full and left else None)
        return
    for at, letter in enumerate(start[1:], start=1):
        if letter in options.short:
            tail = _after(word, at + 1)
            is_attached = tail.text is None or tail.text != ""
            value = tail if is_attached else left.pop(0) if left else None
            parsed.values.setdefault(letter, []).append(value)
            return
        parsed.values.setdefault(letter, []).append(None)
    if word.text is None:
        parsed.is_known = False
