"""Parts of codes, each in words, as a pattern, and by texts: right ones, and ones that a careless pattern takes too."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits

_WORDS = (
    "dev", "prod", "test", "main", "beta", "edge", "core", "blue", "green", "east", "west", "north", "south", "hot",
    "cold", "raw", "live",
)  # fmt: skip
MARKS = "-_.:/#@+="
FIRST = "\0"
"""In the text of a part: the text of the first part."""
_FOREIGN_DIGIT, _FOREIGN_LETTER = "\u0663", "\u00e9"

Texts = Callable[[Random], str]


@dataclass(frozen=True, slots=True)
class Part:
    """What a code has in one place."""

    words: str
    pattern: str
    sample: Texts
    """Draws a right text; the shortest, the longest, the smallest and the largest come often."""
    misses: tuple[Texts, ...]
    """Each draws a text that is wrong in one way (by chance it may be right)."""


def letters(dice: Random) -> Part:
    """Return a part of letters of one case."""
    low = dice.randrange(1, 4)
    high = low + dice.randrange(0, 4)
    is_upper = dice.random() < 0.5
    own, kind = (ascii_uppercase, "capital") if is_upper else (ascii_lowercase, "small")
    words = f"{_count(low, high)} {kind} {'letter' if high == 1 else 'letters'} ({own[0]} to {own[-1]})"
    misses: tuple[Texts, ...] = (
        *_too_few_or_many(own, low, high),
        _with(own, own.swapcase(), low, high),
        _with(own, _FOREIGN_LETTER, low, high),
    )
    return Part(words, f"[{own[0]}-{own[-1]}]{_times(low, high)}", lambda dice: _some(dice, own, low, high), misses)


def figures(dice: Random) -> Part:
    """Return a part of digits."""
    low = dice.randrange(1, 6)
    high = low + dice.randrange(0, 3)
    words = f"{_count(low, high)} {'digit' if high == 1 else 'digits'} (0 to 9)"
    misses: tuple[Texts, ...] = (*_too_few_or_many(digits, low, high), _with(digits, _FOREIGN_DIGIT, low, high))
    return Part(words, f"[0-9]{_times(low, high)}", lambda dice: _some(dice, digits, low, high), misses)


def number(dice: Random) -> Part:
    """Return a part that is a number of limited length."""
    size = dice.randrange(2, 7)
    words = f"a whole number of at most {size} digits without leading zeros (a single 0 is one)"
    pattern = f"(?:0|[1-9][0-9]{{0,{size - 1}}})"

    def sample(dice: Random) -> str:
        return str(dice.choice([0, 10**size - 1, *(dice.randrange(10 ** dice.randint(1, size)) for _ in range(4))]))

    misses: tuple[Texts, ...] = (
        lambda dice: "0" + _some(dice, digits, 1, size - 1),
        lambda dice: str(dice.randrange(10**size, 10 ** (size + 1))),
        lambda dice: f"{dice.randrange(1, 10)}{_FOREIGN_DIGIT}",
        lambda _: "",
    )
    return Part(words, pattern, sample, misses)


def word(dice: Random) -> Part:
    """Return a part that is one of a few words."""
    words = sorted(dice.sample(_WORDS, dice.randrange(2, 6)))
    others = [each for each in _WORDS if each not in words]
    misses: tuple[Texts, ...] = (
        lambda dice: dice.choice(others),
        lambda dice: dice.choice(words)[:-1],
        lambda dice: dice.choice(words).capitalize(),
    )
    told = f"one of the words {', '.join(words)}"
    return Part(told, f"(?:{'|'.join(words)})", lambda dice: dice.choice(words), misses)


def pairs(dice: Random) -> Part:
    """Return a part of an even number of hexadecimal digits."""
    high = dice.randrange(2, 6)
    is_upper = dice.random() < 0.5
    own = digits + ("ABCDEF" if is_upper else "abcdef")
    ends = "A to F" if is_upper else "a to f"

    def even(dice: Random, most: int = high) -> str:
        return "".join(dice.choice(own) for _ in range(2 * dice.choice([1, most, dice.randint(1, most)])))

    misses: tuple[Texts, ...] = (
        lambda dice: even(dice, high - 1) + dice.choice(own),
        lambda dice: _some(dice, own, 2 * high + 2, 2 * high + 2),
        lambda dice: even(dice, high - 1) + dice.choice(own) + dice.choice("gGzZ"),
        lambda dice: even(dice, high - 1) + dice.choice(own) + dice.choice(own[10:]).swapcase(),
        lambda dice: even(dice, high - 1) + dice.choice(own) + _FOREIGN_DIGIT,
        lambda _: "",
    )
    return Part(
        f"an even number of hexadecimal digits (0 to 9, {ends}), from 2 to {2 * high}",
        f"(?:[0-9{ends[0]}-{ends[-1]}]{{2}}){{1,{high}}}",
        even,
        misses,
    )


def led(dice: Random) -> Part:
    """Return a part like a name: a letter, then others, digits and underscores."""
    high = dice.randrange(2, 9)
    own = ascii_lowercase + digits + "_"

    def name(dice: Random, first: str, low: int, most: int) -> str:
        return dice.choice(first) + _some(dice, own, low, most)

    misses: tuple[Texts, ...] = (
        lambda dice: name(dice, digits, 0, high),
        lambda dice: name(dice, "_", 0, high),
        lambda dice: name(dice, ascii_lowercase, high + 1, high + 1),
        lambda dice: name(dice, ascii_lowercase, 0, high - 1) + dice.choice(ascii_uppercase),
        lambda dice: name(dice, ascii_lowercase, 0, high - 1) + dice.choice(_FOREIGN_DIGIT + _FOREIGN_LETTER),
    )
    return Part(
        f"a small letter (a to z), then up to {high} more small letters, digits or underscores",
        f"[a-z][a-z0-9_]{{0,{high}}}",
        lambda dice: name(dice, ascii_lowercase, 0, high),
        misses,
    )


def limited(dice: Random) -> Part:
    """Return a part that is a number up to a limit."""
    limit = dice.randrange(12, 1000)
    words = f"a whole number from 0 to {limit}, without leading zeros"
    misses: tuple[Texts, ...] = (
        lambda _: str(limit + 1),
        lambda dice: str(dice.randint(limit + 1, 10 ** len(str(limit)))),
        lambda dice: f"0{dice.randint(0, limit)}",
        lambda dice: f"{dice.randrange(1, 10)}{_FOREIGN_DIGIT}",
        lambda _: "",
    )
    sample: Texts = lambda dice: str(dice.choice([dice.randint(0, limit), dice.randint(0, limit), limit, 0]))  # noqa: E731
    return Part(words, f"(?:{up_to(limit)})", sample, misses)


def unlike(dice: Random) -> Part:
    """Return a part of capital letters without some of them."""
    left_out = "".join(sorted(dice.sample(ascii_uppercase, 3)))
    kept = "".join(letter for letter in ascii_uppercase if letter not in left_out)
    high = dice.randrange(2, 6)
    words = f"1 to {high} capital letters (A to Z), none of which is {', '.join(left_out[:-1])} or {left_out[-1]}"
    misses: tuple[Texts, ...] = (
        *(_with(kept, letter, 1, high) for letter in left_out),
        _with(kept, ascii_lowercase, 1, high),
        *_too_few_or_many(kept, 1, high),
    )
    return Part(words, f"(?:(?![{left_out}])[A-Z]){{1,{high}}}", lambda dice: _some(dice, kept, 1, high), misses)


def up_to(limit: int) -> str:
    """Return alternatives that match the whole numbers from 0 to `limit`, without leading zeros."""
    text = str(limit)
    ways = [f"[1-9][0-9]{{{size - 1}}}" if size > 1 else "[0-9]" for size in range(1, len(text))]
    for index, digit in enumerate(text):
        least = 1 if index == 0 and len(text) > 1 else 0
        rest = len(text) - index - 1
        if int(digit) > least:
            ways.append(f"{text[:index]}[{least}-{int(digit) - 1}]" + (f"[0-9]{{{rest}}}" if rest else ""))
    return "|".join([*ways, text])


def after(mark: str, part: Part) -> Part:
    """Return the part with a mark before it."""
    others = [each for each in f"{MARKS}a7" if each != mark]
    misses: tuple[Texts, ...] = (
        *(_joined(lambda _: mark, miss) for miss in part.misses),
        _joined(lambda dice: dice.choice(others), part.sample),
        part.sample,
    )
    sample = _joined(lambda _: mark, part.sample)
    return Part(f"`{mark}`, then {part.words}", re.escape(mark) + part.pattern, sample, misses)


def optional(part: Part) -> Part:
    """Return the part, which may be left out."""

    def sample(dice: Random) -> str:
        return part.sample(dice) if dice.random() < 0.6 else ""

    misses: tuple[Texts, ...] = (*part.misses, _joined(part.sample, part.sample))
    return Part(f"optionally: {part.words}", f"(?:{part.pattern})?", sample, misses)


def repeated(part: Part, most: int) -> Part:
    """Return the part, once or up to `most` times."""

    def times(dice: Random, low: int, high: int) -> str:
        return "".join(part.sample(dice) for _ in range(dice.choice([low, high, dice.randint(low, high)])))

    misses: tuple[Texts, ...] = (
        *part.misses,
        _joined(part.sample, _any_of(part.misses)),
        lambda dice: times(dice, most + 1, most + 1),
        lambda _: "",
    )
    words = f"1 to {most} times, each time: {part.words}"
    return Part(words, f"(?:{part.pattern}){{1,{most}}}", lambda dice: times(dice, 1, most), misses)


def twice(dice: Random) -> tuple[Part, Part]:
    """Return a part, and one that says its text again."""
    size = dice.randrange(2, 4)
    mark = dice.choice(MARKS)
    own: Texts = lambda dice: _some(dice, ascii_uppercase, size, size)  # noqa: E731
    first = Part(
        f"{size} capital letters (A to Z)",
        f"(?P<first>[A-Z]{{{size}}})",
        own,
        (*_too_few_or_many(ascii_uppercase, size, size), _with(ascii_uppercase, ascii_lowercase, size, size)),
    )
    again = after(
        mark,
        Part("the letters of part 1 again", "(?P=first)", lambda _: FIRST, (own, own, lambda dice: FIRST + own(dice))),
    )
    return first, again


def _any_of(ways: tuple[Texts, ...]) -> Texts:
    """Return what draws by one of several ways."""
    return lambda dice: dice.choice(ways)(dice)


def _joined(first: Texts, second: Texts) -> Texts:
    return lambda dice: first(dice) + second(dice)


def _too_few_or_many(characters: str, low: int, high: int) -> tuple[Texts, Texts]:
    return (
        lambda dice: _some(dice, characters, low - 1, low - 1),
        lambda dice: _some(dice, characters, high + 1, high + 1),
    )


def _with(characters: str, odd: str, low: int, high: int) -> Texts:
    """Return what draws a text of the right length in which one character is an odd one."""

    def text(dice: Random) -> str:
        right = _some(dice, characters, low, high)
        at = dice.randrange(len(right))
        return right[:at] + dice.choice(odd) + right[at + 1 :]

    return text


def _some(dice: Random, characters: str, low: int, high: int) -> str:
    return "".join(dice.choice(characters) for _ in range(dice.choice([low, high, dice.randint(low, high)])))


def _times(low: int, high: int) -> str:
    return "" if low == high == 1 else f"{{{low}}}" if low == high else f"{{{low},{high}}}"


def _count(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


MAKERS: tuple[Callable[[Random], Part], ...] = (
    letters, figures, number, word, led, pairs, letters, limited, unlike, limited,
)  # fmt: skip
"""In the order in which difficulties bring them in."""
