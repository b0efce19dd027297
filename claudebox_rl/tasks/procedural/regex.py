"""Family `regex`: write a regular expression for codes whose form is told in words.

What grows with the difficulty: the parts of a code (two to six), and what they may be. From 2 on parts may be
optional, from 3 on numbers have an upper limit and parts repeat, from 4 on a part comes again, and at 5 a rule holds
for the whole code. Each way to miss a part has hidden texts of its own, which are right but for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits

from claudebox_rl.tasks.procedural.family import Draft, Family
from claudebox_rl.tasks.procedural.judges import PATTERN
from claudebox_rl.tasks.procedural.regex_parts import FIRST, MAKERS, MARKS, Part, after, optional, repeated, twice

_MATCHING, _OTHERS, _OF_EACH_MISS, _SHOWN = 60, 60, 2, 4
_AGAINST_RULE = 3
_FEWEST = 40
"""Matching texts of a task: where there are hardly more than those shown, they could be listed instead."""
_FOREIGN = "\u0663\u00e9\u0416\n "
"""A digit of another script, letters with an accent and of another script, and white space."""


@dataclass(frozen=True, slots=True)
class _Form:
    """What codes look like."""

    parts: list[Part]
    rule: str
    """For the whole code, in words; or an empty text."""
    ahead: str
    """The rule as the beginning of a pattern."""

    @property
    def pattern(self) -> re.Pattern[str]:
        """What matches the codes."""
        return re.compile(self.ahead + "".join(part.pattern for part in self.parts))

    @property
    def without_rule(self) -> re.Pattern[str]:
        """What matches codes and what only breaks the rule."""
        return re.compile("".join(part.pattern for part in self.parts))


class RegexFamily(Family):
    """Codes told in words, to be matched by one pattern."""

    name = "regex"
    version = 2
    category = "text"
    keywords = ("regular expressions",)

    def draft(self, dice: Random, difficulty: int) -> Draft:
        """Make one task."""
        form, right, wrong = _telling(dice, difficulty)
        listed = "\n".join(f"{number}. {part.words}" for number, part in enumerate(form.parts, 1))
        return Draft(
            description=f"Write a regular expression for codes of {len(form.parts)} parts.",
            instruction=_INSTRUCTION.format(
                parts=listed,
                rule=f"\nFor the whole code holds: {form.rule}.\n" if form.rule else "",
                right="\n".join(f"    {text}" for text in right[:_SHOWN]),
                wrong="\n".join(f"    {text!r}" for text in wrong[:_SHOWN]),
            ),
            environment={"try.py": _TRY},
            solution={"pattern.txt": form.pattern.pattern + "\n"},
            judge=PATTERN,
            hidden={"texts": [[text, True] for text in right[_SHOWN:]] + [[text, False] for text in wrong[_SHOWN:]]},
        )


def _telling(dice: Random, difficulty: int) -> tuple[_Form, list[str], list[str]]:
    """Return a form with matching texts and others, which are enough to tell it from one without its rule."""
    while True:
        rule, ahead = _rule(dice) if difficulty >= 5 else ("", "")
        form = _Form(_parts(dice, difficulty), rule, ahead)
        right, wrong = _right(dice, form), _wrong(dice, form)
        against_rule = sum(form.without_rule.fullmatch(text) is not None for text in wrong[_SHOWN:])
        if len(right) >= _FEWEST and (not rule or against_rule >= _AGAINST_RULE):
            return form, right, wrong


def _parts(dice: Random, difficulty: int) -> list[Part]:
    makers = MAKERS[: 5 + difficulty]
    parts: list[Part] = []
    for index in range(1 + difficulty):
        part = dice.choice(makers)(dice)
        if index:
            part = after(dice.choice(MARKS), part)
        if difficulty >= 3 and dice.random() < 0.35:
            part = repeated(part, dice.choice([2, 3, 4])) if index else part
        elif difficulty >= 2 and index and dice.random() < 0.35:
            part = optional(part)
        parts.append(part)
    if difficulty >= 4:
        parts[0], again = twice(dice)
        parts.insert(dice.randrange(1, len(parts)) + 1, again)
        parts.pop(dice.choice([index for index in range(1, len(parts)) if parts[index] is not again]))
    return parts


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


def _right(dice: Random, form: _Form) -> list[str]:
    """Return different texts that match."""
    right: dict[str, None] = {}
    pattern = form.pattern
    for _ in range(1000):
        if pattern.fullmatch(text := _joined([part.sample(dice) for part in form.parts])):
            right[text] = None
        if len(right) == _MATCHING:
            break
    return list(right)


def _wrong(dice: Random, form: _Form) -> list[str]:
    """Return different texts that do not match, most of them almost right, in any order."""
    wrong = dict.fromkeys(text for part in form.parts for text in _missing(dice, form, part))
    most, pattern = len(wrong) + _OTHERS, form.pattern
    for _ in range(1000):
        if len(wrong) == most:
            break
        text = _joined([part.sample(dice) for part in form.parts])
        for each in (text, _spoilt(dice, text)):
            if len(wrong) < most and not pattern.fullmatch(each):
                wrong[each] = None
    shuffled = list(wrong)
    dice.shuffle(shuffled)
    return shuffled


def _missing(dice: Random, form: _Form, part: Part) -> list[str]:
    """Return texts that keep the rule and are right but for one part, some for each way to miss it."""
    pattern, rule = form.pattern, re.compile(form.ahead)
    found: list[str] = []
    for miss in part.misses:
        most = len(found) + _OF_EACH_MISS
        for _ in range(40):
            text = _joined([miss(dice) if each is part else each.sample(dice) for each in form.parts])
            if rule.match(text) and not pattern.fullmatch(text):
                found.append(text)
            if len(found) == most:
                break
    return found


def _joined(texts: list[str]) -> str:
    return "".join(texts).replace(FIRST, texts[0])


def _spoilt(dice: Random, text: str) -> str:
    at = dice.randrange(len(text) + 1)
    before, behind = text[:at], text[at:]
    ways = [
        before + behind[1:],
        before + dice.choice(ascii_uppercase + ascii_lowercase + digits) + behind,
        before + dice.choice(digits) + behind[1:],
        before + behind[:1] * 2 + behind[1:],
        before + behind[:1].swapcase() + behind[1:],
        before + dice.choice(MARKS) + behind[1:],
        before,
        text + dice.choice(MARKS + digits) + before,
        before + dice.choice(_FOREIGN) + behind[1:],
        text + "\n",
    ]
    return dice.choice(ways)


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
