"""Family `regex`: write a regular expression for codes whose form is told in words.

What grows with the difficulty: the parts of a code (two to six), and what they may be. From 2 on parts may be
optional, from 3 on numbers have an upper limit and parts repeat, from 4 on a part comes again, and at 5 a rule holds
for the whole code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits

from claudebox_rl.tasks.procedural.family import Draft, Family
from claudebox_rl.tasks.procedural.judges import PATTERN

_WORDS = (
    "dev", "prod", "test", "main", "beta", "edge", "core", "blue", "green", "east", "west", "north", "south", "hot",
    "cold", "raw", "live",
)  # fmt: skip
_MARKS = "-_.:/#@+="
_MATCHING, _OTHERS, _SHOWN = 60, 120, 4
_FEWEST = 40
"""Matching texts of a task: where there are hardly more than those shown, they could be listed instead."""
_FOREIGN = "\u0663\u00e9\u0416\n "
"""A digit of another script, letters with an accent and of another script, and white space."""


@dataclass(frozen=True, slots=True)
class _Part:
    words: str
    pattern: str
    sample: Callable[[Random], str]


class RegexFamily(Family):
    """Codes told in words, to be matched by one pattern."""

    name = "regex"
    category = "text"
    keywords = ("regular expressions",)

    def draft(self, dice: Random, difficulty: int) -> Draft:
        """Make one task."""
        parts, rule, pattern = _form(dice, difficulty)
        right, wrong = _texts(dice, parts, pattern)
        while len(right) < _FEWEST:
            parts, rule, pattern = _form(dice, difficulty)
            right, wrong = _texts(dice, parts, pattern)
        listed = "\n".join(f"{number}. {part.words}" for number, part in enumerate(parts, 1))
        return Draft(
            description=f"Write a regular expression for codes of {len(parts)} parts.",
            instruction=_INSTRUCTION.format(
                parts=listed,
                rule=f"\nFor the whole code holds: {rule}.\n" if rule else "",
                right="\n".join(f"    {text}" for text in right[:_SHOWN]),
                wrong="\n".join(f"    {text!r}" for text in wrong[:_SHOWN]),
            ),
            environment={"try.py": _TRY},
            solution={"pattern.txt": pattern.pattern + "\n"},
            judge=PATTERN,
            hidden={"texts": [[text, True] for text in right[_SHOWN:]] + [[text, False] for text in wrong[_SHOWN:]]},
        )


def _form(dice: Random, difficulty: int) -> tuple[list[_Part], str, re.Pattern[str]]:
    """Return the parts, the rule for the whole in words, or an empty text, and the pattern for it all."""
    parts = _parts(dice, difficulty)
    words, ahead = _rule(dice) if difficulty >= 5 else ("", "")
    return parts, words, re.compile(ahead + "".join(part.pattern for part in parts))


def _parts(dice: Random, difficulty: int) -> list[_Part]:
    makers = _MAKERS[: 5 + difficulty]
    parts: list[_Part] = []
    for index in range(1 + difficulty):
        part = dice.choice(makers)(dice)
        if index:
            part = _after(dice.choice(_MARKS), part)
        if difficulty >= 3 and dice.random() < 0.35:
            part = _repeated(part, dice.choice([2, 3, 4])) if index else part
        elif difficulty >= 2 and index and dice.random() < 0.35:
            part = _optional(part)
        parts.append(part)
    if difficulty >= 4:
        parts[0], again = _twice(dice)
        parts.insert(dice.randrange(1, len(parts)) + 1, again)
        parts.pop(dice.choice([index for index in range(1, len(parts)) if parts[index] is not again]))
    return parts


def _letters(dice: Random) -> _Part:
    low = dice.randrange(1, 4)
    high = low + dice.randrange(0, 4)
    is_upper = dice.random() < 0.5
    letters, kind = (ascii_uppercase, "capital") if is_upper else (ascii_lowercase, "small")
    pattern = f"[{letters[0]}-{letters[-1]}]{_times(low, high)}"
    words = f"{_count(low, high)} {kind} {_letter_word(high)} ({letters[0]} to {letters[-1]})"
    return _Part(words, pattern, lambda dice: _some(dice, letters, low, high))


def _digits(dice: Random) -> _Part:
    low = dice.randrange(1, 6)
    high = low + dice.randrange(0, 3)
    words = f"{_count(low, high)} {'digit' if high == 1 else 'digits'} (0 to 9)"
    return _Part(words, f"[0-9]{_times(low, high)}", lambda dice: _some(dice, digits, low, high))


def _number(dice: Random) -> _Part:
    size = dice.randrange(2, 7)
    words = f"a whole number of at most {size} digits without leading zeros (a single 0 is one)"
    pattern = f"(?:0|[1-9][0-9]{{0,{size - 1}}})"
    return _Part(words, pattern, lambda dice: str(dice.randrange(10 ** dice.randint(1, size))))


def _word(dice: Random) -> _Part:
    words = sorted(dice.sample(_WORDS, dice.randrange(2, 6)))
    return _Part(f"one of the words {', '.join(words)}", f"(?:{'|'.join(words)})", lambda dice: dice.choice(words))


def _pairs(dice: Random) -> _Part:
    high = dice.randrange(2, 6)
    is_upper = dice.random() < 0.5
    figures = digits + ("ABCDEF" if is_upper else "abcdef")
    ends = "A to F" if is_upper else "a to f"
    return _Part(
        f"an even number of hexadecimal digits (0 to 9, {ends}), from 2 to {2 * high}",
        f"(?:[0-9{ends[0]}-{ends[-1]}]{{2}}){{1,{high}}}",
        lambda dice: "".join(dice.choice(figures) for _ in range(2 * dice.randint(1, high))),
    )


def _led(dice: Random) -> _Part:
    high = dice.randrange(2, 9)
    return _Part(
        f"a small letter (a to z), then up to {high} more small letters, digits or underscores",
        f"[a-z][a-z0-9_]{{0,{high}}}",
        lambda dice: dice.choice(ascii_lowercase) + _some(dice, ascii_lowercase + digits + "_", 0, high),
    )


def _limited(dice: Random) -> _Part:
    limit = dice.randrange(12, 1000)
    words = f"a whole number from 0 to {limit}, without leading zeros"
    return _Part(words, f"(?:{up_to(limit)})", lambda dice: str(dice.choice([dice.randint(0, limit), limit, 0])))


def _unlike(dice: Random) -> _Part:
    left_out = "".join(sorted(dice.sample(ascii_uppercase, 3)))
    kept = "".join(letter for letter in ascii_uppercase if letter not in left_out)
    high = dice.randrange(2, 6)
    words = f"1 to {high} capital letters (A to Z), none of which is {', '.join(left_out[:-1])} or {left_out[-1]}"
    return _Part(words, f"(?:(?![{left_out}])[A-Z]){{1,{high}}}", lambda dice: _some(dice, kept, 1, high))


_MAKERS: tuple[Callable[[Random], _Part], ...] = (
    _letters, _digits, _number, _word, _led, _pairs, _letters, _limited, _unlike, _limited,
)  # fmt: skip
"""In the order in which difficulties bring them in."""


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


def _after(mark: str, part: _Part) -> _Part:
    return _Part(f"`{mark}`, then {part.words}", re.escape(mark) + part.pattern, lambda dice: mark + part.sample(dice))


def _optional(part: _Part) -> _Part:
    def sample(dice: Random) -> str:
        return part.sample(dice) if dice.random() < 0.6 else ""

    return _Part(f"optionally: {part.words}", f"(?:{part.pattern})?", sample)


def _repeated(part: _Part, most: int) -> _Part:
    def sample(dice: Random) -> str:
        return "".join(part.sample(dice) for _ in range(dice.randint(1, most)))

    return _Part(f"1 to {most} times, each time: {part.words}", f"(?:{part.pattern}){{1,{most}}}", sample)


def _twice(dice: Random) -> tuple[_Part, _Part]:
    """Return a part, and one that says its text again: a sample of that holds a zero where `_code` puts the text in."""
    size = dice.randrange(2, 4)
    mark = dice.choice(_MARKS)
    first = _Part(
        f"{size} capital letters (A to Z)",
        f"(?P<first>[A-Z]{{{size}}})",
        lambda dice: _some(dice, ascii_uppercase, size, size),
    )
    words = f"`{mark}`, then the letters of part 1 again"
    return first, _Part(words, f"{re.escape(mark)}(?P=first)", lambda _: f"{mark}\0")


def _rule(dice: Random) -> tuple[str, str]:
    least = dice.randrange(12, 18)
    digit = dice.choice(digits)
    return dice.choice(
        [
            (f"it has at least {least} characters", f"(?=.{{{least}}})"),
            (f"the digit {digit} is nowhere in it", f"(?!.*{digit})"),
            ("no character stands twice side by side", r"(?!.*(?P<same>.)(?P=same))"),
            (f"it has an odd number of characters, and at least {least - 6}", f"(?=.(?:..){{{least // 2 - 3},}}\\Z)"),
        ]
    )


def _texts(dice: Random, parts: list[_Part], pattern: re.Pattern[str]) -> tuple[list[str], list[str]]:
    """Return texts that match and others, many of them almost right; no text comes twice."""
    right: dict[str, None] = {}
    wrong: dict[str, None] = {}
    for _ in range(4000):
        text = _code(dice, parts)
        for each in (text, _spoilt(dice, text), _spoilt(dice, text)):
            known, most = (right, _MATCHING) if pattern.fullmatch(each) else (wrong, _OTHERS)
            if len(known) < most:
                known[each] = None
        if len(right) == _MATCHING and len(wrong) == _OTHERS:
            break
    return list(right), list(wrong)


def _code(dice: Random, parts: list[_Part]) -> str:
    texts = [part.sample(dice) for part in parts]
    return "".join(texts).replace("\0", texts[0])


def _spoilt(dice: Random, text: str) -> str:
    at = dice.randrange(len(text) + 1)
    before, after = text[:at], text[at:]
    ways = [
        before + after[1:],
        before + dice.choice(ascii_uppercase + ascii_lowercase + digits) + after,
        before + dice.choice(digits) + after[1:],
        before + after[:1] * 2 + after[1:],
        before + after[:1].swapcase() + after[1:],
        before + dice.choice(_MARKS) + after[1:],
        before,
        text + dice.choice(_MARKS + digits) + before,
        before + dice.choice(_FOREIGN) + after[1:],
        text + "\n",
    ]
    return dice.choice(ways)


def _some(dice: Random, characters: str, low: int, high: int) -> str:
    return "".join(dice.choice(characters) for _ in range(dice.randint(low, high)))


def _times(low: int, high: int) -> str:
    return "" if low == high == 1 else f"{{{low}}}" if low == high else f"{{{low},{high}}}"


def _count(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


def _letter_word(high: int) -> str:
    return "letter" if high == 1 else "letters"


_INSTRUCTION = """\
Codes of a certain form are to be told from all other texts. Write one regular expression for them, in the syntax of
Python's `re`, into the file `pattern.txt` in this folder: the pattern alone, on one line.

A code has these parts, one right after the other, and nothing else:

{parts}
{rule}
These are codes:

{right}

These are none (as Python writes them):

{wrong}

The pattern is used as `re.fullmatch(pattern, text)` and judged with many other texts, some of which are almost right.
`python3 try.py TEXT...` says for each text whether your pattern takes it.
"""

_TRY = '''\
"""Say for each argument whether the pattern in pattern.txt matches it."""

import re
import sys
from pathlib import Path

pattern = Path(__file__).with_name("pattern.txt").read_text(encoding="utf-8").removesuffix("\\n")
for text in sys.argv[1:]:
    print(f"{text!r}: {'a code' if re.fullmatch(pattern, text) else 'no code'}")
'''
