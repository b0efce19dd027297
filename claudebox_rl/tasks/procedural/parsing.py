"""Family `parsing`: write a parser for a text format that is told in words.

What grows with the difficulty: the fields of a record (two to six) and what may be in them. From 2 on there are
amounts, lists and fields with a default, from 3 on quoted texts, from 4 on lines that go on in the next one and
durations, and at 5 sections.
"""

from __future__ import annotations

import inspect
import json
import pprint
from random import Random
from typing import Any

from claudebox_rl.tasks.procedural import records
from claudebox_rl.tasks.procedural.family import Draft, Family
from claudebox_rl.tasks.procedural.judges import CALLS
from claudebox_rl.tasks.procedural.records_text import draw_form, draw_text, spoil, texts_with_one_fault

_SHOWN, _HIDDEN = 2, 40
_FUNCTIONS = (
    records.parse_records,
    records.logical_lines,
    records.split_cells,
    records.unquote,
    records.read_cell,
)


class ParsingFamily(Family):
    """Text formats told in words."""

    name = "parsing"
    version = 2
    category = "implementation"
    keywords = ("python", "parsing")

    def draft(self, dice: Random, difficulty: int) -> Draft:
        """Make one task."""
        form = draw_form(dice, difficulty)
        shown = [_taken(dice, form) for _ in range(_SHOWN)]
        refused = _refused(dice, form)
        hidden = [_taken(dice, form) for _ in range(_HIDDEN)]
        hidden += [_refused(dice, form) for _ in range(_HIDDEN // 2)]
        hidden += [case for text in texts_with_one_fault(dice, form) if "error" in (case := _case(text, form))]
        hidden.append(_case("", form))
        return Draft(
            description=f"Write a parser for records of {len(form['fields'])} fields.",
            instruction=_INSTRUCTION.format(
                rules="\n".join(f"- {rule}" for rule in _rules(form)),
                fields="\n".join(f"{at}. {_field(field)}" for at, field in enumerate(form["fields"], 1)),
                refused="\n".join(f"    {line}" for line in refused["arguments"][0].rstrip("\n").split("\n")),
            ),
            environment={
                **{f"example{at}.txt": case["arguments"][0] for at, case in enumerate(shown, 1)},
                **{f"example{at}.json": json.dumps(case["value"], indent=1) + "\n" for at, case in enumerate(shown, 1)},
            },
            solution={"parser.py": _solution(form)},
            judge=CALLS,
            hidden={"parts": [{"module": "parser", "function": "parse", "timeout_s": 10, "cases": hidden}]},
        )


def _case(text: str, form: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"arguments": [text], "value": records.parse_records(text, form)}
    except ValueError:
        return {"arguments": [text], "error": "ValueError"}


def _taken(dice: Random, form: dict[str, Any]) -> dict[str, Any]:
    """Return a case that has an answer."""
    while True:
        case = _case(draw_text(dice, form), form)
        if "value" in case:
            return case


def _refused(dice: Random, form: dict[str, Any]) -> dict[str, Any]:
    """Return a case that has to be refused."""
    while True:
        case = _case(spoil(dice, draw_text(dice, form), form), form)
        if "error" in case:
            return case


def _solution(form: dict[str, Any]) -> str:
    sources = "\n\n".join(inspect.getsource(function) for function in _FUNCTIONS)
    return (
        '"""The parser that was asked for."""\n\n'
        "import re\nfrom collections.abc import Iterator\nfrom typing import Any\n\n"
        f"FORM: dict[str, Any] = {pprint.pformat(form, width=110, sort_dicts=False)}\n\n\n"
        'def parse(text: str) -> list[dict[str, Any]]:\n    """Return the records of a text."""\n'
        f"    return parse_records(text, FORM)\n\n\n{sources}"
    )


def _rules(form: dict[str, Any]) -> list[str]:
    rules = [
        f"Each line is a record: its cells stand between `{form['separator']}`. There are as many cells as fields.",
        "White space around a line and around a cell does not count.",
        f"Lines that have nothing but white space, or that begin with `{form['comment']}` (after white space), say "
        f"nothing.",
    ]
    if form["quote"]:
        rules.append(
            f"A cell may be quoted: it then begins and ends with `{form['quote']}`. Between the quotes every "
            f"character stands for itself, also `{form['separator']}` and white space, and two `{form['quote']}` "
            "side by side stand for one. After the closing quote only white space may come before the next "
            "separator or the end of the line; a quote that is not closed in its line is an error. What the quotes "
            "held, with its white space, is then read like any other cell."
        )
    if form["continuation"]:
        rules.append(
            f"A line whose very last character is `{form['continuation']}` goes on in the next one: this character "
            "and the end of the line are taken out before anything else is looked at."
        )
    if form["sections"]:
        rules.append(
            "A line that begins with `[` and ends with `]` is no record: it opens a section, whose name stands in "
            "between, "
            'without white space around it. Each record gets a first key `"section"` with the name of the section it '
            "stands in, None before the first one."
        )
    return rules


def _field(field: dict[str, Any]) -> str:
    kinds = {
        "text": "the cell as it is",
        "number": "a whole number: digits (0 to 9), before which there may be one `+` or `-`",
        "flag": f"True for `{field.get('yes')}`, False for `{field.get('no')}`",
        "money": "an amount such as 12.50, with exactly two digits after the point and at least one before it, as a "
        "whole number of cents, 1250",
        "duration": "hours and minutes such as 1h30m, 2h or 75m (any number of each), as a whole number of minutes",
        "list": f"a list of texts, between which stands `{field.get('between')}`; white space around each does not "
        "count, and an empty cell is an empty list",
    }
    default = f"; an empty cell gives {field['default']!r}" if "default" in field else ""
    return f"`{field['name']}`: {kinds[field['kind']]}{default}"


_INSTRUCTION = """\
Write a function `parse(text)` in the file `parser.py` in this folder. It reads a text of the form that is described
here, and returns a list with a dict for each record, in their order. Lines end with a line feed.

{rules}

The fields of a record, which are the keys of its dict, in this order:

{fields}

Anything else is an error: `parse` raises ValueError when a line has too few or too many cells, or a cell is not as its
field asks for. This text, for example, is refused:

{refused}

`example1.txt` and `example2.txt` are read as `example1.json` and `example2.json` say. The function is judged with other
texts, right ones and wrong ones.
"""
