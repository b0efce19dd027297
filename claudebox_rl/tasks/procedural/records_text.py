"""Forms of records, and texts in them: right ones, and ones with a mistake."""

from __future__ import annotations

from random import Random
from typing import Any

_NAMES = (
    "amount", "area", "author", "batch", "brand", "city", "code", "color", "count", "depth", "floor", "grade", "height",
    "kind", "label", "length", "level", "model", "owner", "place", "price", "rank", "region", "room", "size", "speed",
    "stage", "state", "step", "tags", "team", "title", "unit", "weight", "zone",
)  # fmt: skip
_WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty", "knoll", "ledge", "marsh",
    "north ridge", "old mill", "pine", "quay", "reef", "stone arch", "tide",
)  # fmt: skip
_FLAGS = (("yes", "no"), ("on", "off"), ("true", "false"), ("y", "n"), ("1", "0"), ("x", "-"))
_KINDS = ("text", "number", "flag", "money", "list", "money", "list", "duration", "duration")
"""In the order in which difficulties bring them in."""


def draw_form(dice: Random, difficulty: int) -> dict[str, Any]:
    """Return a form of records."""
    separator, comment, between = dice.sample(["|", ";", ",", ":", "~", "/", "!", "%"], 3)
    kinds = _KINDS[: 1 + 2 * difficulty]
    fields = [
        _draw_field(dice, name, dice.choice(kinds), between, difficulty)
        for name in dice.sample(_NAMES, difficulty + 1 + (difficulty == 1))
    ]
    return {
        "separator": separator,
        "comment": dice.choice(["#", "//", "--", comment]) if separator not in "/" else "#",
        "quote": dice.choice(["'", '"', "^"]) if difficulty >= 3 else "",
        "continuation": dice.choice(["\\", "+", "&"]) if difficulty >= 4 else "",
        "sections": difficulty >= 5,
        "fields": fields,
    }


def _draw_field(dice: Random, name: str, kind: str, between: str, difficulty: int) -> dict[str, Any]:
    field: dict[str, Any] = {"name": name, "kind": kind}
    if kind == "flag":
        field["yes"], field["no"] = dice.choice(_FLAGS)
    if kind == "list":
        field["between"] = between
    elif difficulty >= 2 and dice.random() < 0.4:
        number = dice.randrange(1, 500)
        field["default"] = {"text": dice.choice(_WORDS), "flag": dice.random() < 0.5}.get(kind, number)
    return field


_FAULTS = {
    "number": ("1.5", "twelve", "1 000", "1_000", "--1", "+-2", "0x1f", "5-", "\u0663", ""),
    "flag": ("maybe", "yes no", ""),
    "money": ("12", "12.5", "12.500", ".50", "1.2.3", "1_0.50", "1e2.00", "12.5x", ""),
    "duration": ("h", "m", "90", "5m1h", "1.5h", "1h2", "2d", ""),
    "text": (),
    "list": (),
}
"""Cells that no field of the kind takes; an empty one has a meaning where there is a default."""


def texts_with_one_fault(dice: Random, form: dict[str, Any]) -> list[str]:
    """Return texts that are right but for one cell, one for each fault of each field; a few may be right after all."""
    texts: list[str] = []
    for at, field in enumerate(form["fields"]):
        faults = [*_FAULTS[field["kind"]], *([field["yes"].swapcase()] if field["kind"] == "flag" else [])]
        for fault in faults:
            cells = [_quoted(dice, _cell(dice, each), each, form) for each in form["fields"]]
            cells[at] = fault
            texts.append(draw_text(dice, form) + "\n" + form["separator"].join(cells))
    return texts


def draw_text(dice: Random, form: dict[str, Any]) -> str:
    """Return a text of a few records, with what else may stand between them."""
    lines: list[str] = []
    for _ in range(dice.randrange(1, 6)):
        if form["sections"] and dice.random() < 0.35:
            lines.append(f"{_space(dice)}[{_space(dice)}{dice.choice(_WORDS)}{_space(dice)}]")
        if dice.random() < 0.2:
            lines.append(dice.choice(["", "   ", f"  {form['comment']} {dice.choice(_WORDS)}", form["comment"]]))
        lines.append(_continued(dice, draw_line(dice, form), form["continuation"]))
    return "\n".join(lines) + dice.choice(["\n", "\n", ""])


def draw_line(dice: Random, form: dict[str, Any]) -> str:
    """Return one record."""
    cells = [_quoted(dice, _cell(dice, field), field, form) for field in form["fields"]]
    return form["separator"].join(f"{_space(dice)}{cell}{_space(dice)}" for cell in cells)


def spoil(dice: Random, text: str, form: dict[str, Any]) -> str:
    """Return a text with something changed, mostly to what is not allowed."""
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    separator = form["separator"]
    number = dice.choice(["1.5", "twelve", "1 000", "--1", "", "1.2.3", "0x1f", "12.5", "h", "\u0663"])
    cells = lines[at].split(separator)
    cells[dice.randrange(len(cells))] = number
    lines[at] = dice.choice(
        [
            lines[at] + f"{separator} {dice.choice(_WORDS)}",
            lines[at].rpartition(separator)[0],
            separator.join(cells),
            separator.join(cells),
            lines[at].replace(form["quote"], "", 1) if form["quote"] else separator.join(cells),
            lines[at] + (form["quote"] or separator),
        ]
    )
    return "\n".join(lines)


def _cell(dice: Random, field: dict[str, Any]) -> str:
    if "default" in field and dice.random() < 0.3:
        return ""
    kind = field["kind"]
    if kind == "number":
        return dice.choice(["", "", "-", "+"]) + str(dice.randrange(10 ** dice.randrange(1, 6)))
    if kind == "flag":
        return dice.choice([field["yes"], field["no"]])
    if kind == "money":
        return f"{dice.randrange(2000)}.{dice.randrange(100):02}"
    if kind == "duration":
        hours, minutes = dice.randrange(30), dice.randrange(90)
        return dice.choice([f"{hours}h", f"{minutes}m", f"{hours}h{minutes}m"])
    if kind == "list":
        return f"{_space(dice)}{field['between']}{_space(dice)}".join(dice.sample(_WORDS, dice.randrange(4)))
    return dice.choice(_WORDS)


def _quoted(dice: Random, cell: str, field: dict[str, Any], form: dict[str, Any]) -> str:
    quote = form["quote"]
    if not quote or dice.random() < 0.6:
        return cell
    if field["kind"] == "text" and dice.random() < 0.5:
        cell = dice.choice([f"{cell}{form['separator']}{cell}", f"{cell}{quote}", f" {cell}"])
    return quote + cell.replace(quote, quote * 2) + quote


def _continued(dice: Random, line: str, mark: str) -> str:
    if not mark or len(line) < 4 or dice.random() < 0.6:
        return line
    at = dice.randrange(1, len(line) - 1)
    return f"{line[:at]}{mark}\n{line[at:]}"


def _space(dice: Random) -> str:
    return dice.choice(["", "", " ", "  "])
