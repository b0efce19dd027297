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
    "csvstream/reader.py",
    r'''        self._after_cr = False
        for character in chunk:
            if character == "\n" and self._after_cr:
                self._after_cr = False
                continue
            self._after_cr = False
            self._take(character, rows)
        if self._state == QUOTE:
            self._state = PLAIN
        return rows''',
    r'''        for character in chunk:
            if character == "\n" and self._after_cr:
                self._after_cr = False
                continue
            self._after_cr = False
            self._take(character, rows)
        return rows''',
)
edit(
    "csvstream/reader.py",
    '''        if self._field or self._row:
            self._end_row(rows)''',
    "        self._end_row(rows)",
)
edit(
    "csvstream/reader.py",
    '''        if not self._row and not self._field:
            self._state = START
            return''',
    '''        if not self._row and self._state == START:
            return''',
)
edit(
    "csvstream/writer.py",
    r'''    return ",".join(_quoted(field) if any(mark in field for mark in ',"\n') else field for field in fields) + "\n"''',
    r'''    if list(fields) == [""]:
        return '""\n'
    return ",".join(_quoted(field) if _needs_quotes(field) else field for field in fields) + "\n"


def _needs_quotes(field):
    return field.startswith('"') or any(mark in field for mark in ",\r\n")''',
)
PYTHON
python3 -m unittest --quiet
