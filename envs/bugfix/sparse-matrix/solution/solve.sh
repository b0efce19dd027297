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
    "matrices/store.py",
    "        self.rows = [{}] * rows",
    "        self.rows = [{} for _ in range(rows)]",
)
edit(
    "matrices/store.py",
    "        self.rows[row][column] = Fraction(value)",
    '''        if value:
            self.rows[row][column] = Fraction(value)
        else:
            self.rows[row].pop(column, None)''',
)
edit(
    "matrices/store.py",
    "        other.rows = self.rows.copy()",
    "        other.rows = [dict(row) for row in self.rows]",
)
edit(
    "matrices/memory.py",
    "            self._version = version",
    "            self._version, self._results = version, {}",
)
edit(
    "matrices/elimination.py",
    "        found = [number for number in range(top, len(rows)) if rows[number][column] > 0]",
    "        found = [number for number in range(top, len(rows)) if rows[number][column] != 0]",
)
edit(
    "matrices/elimination.py",
    "        rows[top], rows[found[0]] = rows[found[0]], rows[top]",
    '''        if found[0] != top:
            factor = -factor
        rows[top], rows[found[0]] = rows[found[0]], rows[top]''',
)
edit(
    "matrices/matrix.py",
    '''        if row >= self.rows or column >= self.columns:
            raise IndexError(f"no place {row}, {column}")''',
    '''        if not (0 <= row < self.rows and 0 <= column < self.columns):
            raise IndexError(f"no place {row}, {column}")''',
)
edit(
    "matrices/matrix.py",
    "        return isinstance(other, Matrix) and self._store.rows == other._store.rows",
    '''        sizes = isinstance(other, Matrix) and (self.rows, self.columns) == (other.rows, other.columns)
        return sizes and self._store.rows == other._store.rows''',
)
edit(
    "matrices/matrix.py",
    '        return self._memory.result(self._version, "transposed", self._turned)',
    '        return self._memory.result(self._version, "transposed", self._turned).copy()',
)
PYTHON
python3 -m unittest --quiet
