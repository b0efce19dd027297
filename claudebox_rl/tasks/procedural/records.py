"""A parser of records, by a description of their form: what solutions of the family `parsing` are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any


def parse_records(text: str, form: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the records of a text; raise ValueError where it breaks the form."""
    records: list[dict[str, Any]] = []
    section = None
    for line in logical_lines(text, form):
        if form["sections"] and line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
            continue
        cells = split_cells(line, form["separator"], form["quote"])
        if len(cells) != len(form["fields"]):
            raise ValueError(f"{len(cells)} cells: {line}")
        record: dict[str, Any] = {} if not form["sections"] else {"section": section}
        for field, cell in zip(form["fields"], cells, strict=True):
            record[field["name"]] = read_cell(cell, field)
        records.append(record)
    return records


def logical_lines(text: str, form: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that say something, without white space around them."""
    if form["continuation"]:
        text = text.replace(form["continuation"] + "\n", "")
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped and not stripped.startswith(form["comment"]):
            yield stripped


def split_cells(line: str, separator: str, quote: str) -> list[str]:
    """Cut a line at its separators, except inside quotes."""
    cells: list[str] = []
    rest = line
    while True:
        rest = rest.lstrip()
        if quote and rest.startswith(quote):
            cell, rest = unquote(rest, quote)
            rest = rest.lstrip()
            if rest and not rest.startswith(separator):
                raise ValueError(f"text after a quote: {line}")
        else:
            at = rest.find(separator)
            cell, rest = (rest, "") if at < 0 else (rest[:at], rest[at:])
            cell = cell.strip()
        cells.append(cell)
        if not rest:
            return cells
        rest = rest[len(separator) :]


def unquote(text: str, quote: str) -> tuple[str, str]:
    """Return what stands between the first quote and its end, and the rest."""
    cell, at = "", 1
    while at < len(text):
        if text[at] != quote:
            cell += text[at]
            at += 1
        elif text[at + 1 : at + 2] == quote:
            cell += quote
            at += 2
        else:
            return cell, text[at + 1 :]
    raise ValueError(f"a quote without an end: {text}")


def read_cell(cell: str, field: dict[str, Any]) -> Any:
    """Return the value of a cell."""
    if cell == "" and "default" in field:
        return field["default"]
    kind = field["kind"]
    if kind == "number":
        if not re.fullmatch(r"[+-]?[0-9]+", cell):
            raise ValueError(f"no number: {cell}")
        return int(cell)
    if kind == "flag":
        return [field["no"], field["yes"]].index(cell) == 1
    if kind == "money":
        if not re.fullmatch(r"[0-9]+\.[0-9]{2}", cell):
            raise ValueError(f"no amount: {cell}")
        return int(cell.replace(".", ""))
    if kind == "duration":
        match = re.fullmatch(r"(?:([0-9]+)h)?(?:([0-9]+)m)?", cell)
        if not match or not cell:
            raise ValueError(f"no duration: {cell}")
        return 60 * int(match[1] or 0) + int(match[2] or 0)
    if kind == "list":
        return [item.strip() for item in cell.split(field["between"])] if cell else []
    return cell
