#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit(
    "layout/width.py",
    '        if found and unicodedata.category(character) == "Mc":',
    "        if found and unicodedata.combining(character):",
)
edit(
    "layout/width.py",
    "    return len(text)",
    '''    return sum(_columns(character) for character in text)


def _columns(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1''',
)
edit(
    "layout/cut.py",
    '''        if width(kept) + width(mark) >= columns:
            break
        kept += cluster
    return kept + mark''',
    '''        if width(kept + cluster) + width(mark) > columns:
            break
        kept += cluster
    return kept + mark''',
)
edit(
    "layout/wrap.py",
    '''        if width(line) + width(word) < columns:
            line = f"{line} {word}" if line else word
        else:
            lines.append(line)
            line = word
    lines.append(line)
    return lines''',
    '''        if not word:
            continue
        if line and width(line) + 1 + width(word) <= columns:
            line += f" {word}"
            continue
        if line:
            lines.append(line)
        *full, line = pieces(word, columns)
        lines += full
    return [*lines, line] if line else lines


def pieces(word, columns):
    """Split a word into pieces that fit."""
    found = [""]
    for cluster in clusters(word):
        if width(found[-1] + cluster) > columns:
            found.append("")
        found[-1] += cluster
    return found''',
)
edit(
    "layout/table.py",
    "    return text.rjust(columns) if right else text.ljust(columns)",
    '''    space = " " * (columns - width(text))
    return space + text if right else text + space''',
)
edit(
    "layout/table.py",
    "    numbers = [all(text.isdigit() for text in column) for column in columns]",
    "    numbers = [all(text.isascii() and text.isdigit() for text in column) for column in columns]",
)
PYTHON
python3 -m unittest --quiet
