#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path

file = Path("store.py")
code = file.read_text()
code = code.replace('''        self.store = store

    def view(self) -> dict:
        return self.store.values

    def change(self, line: str) -> None:
        self.store.write([line])
''', '''        self.store = store
        self.layers: list = []  # of each open transaction: what it sees, and its changes

    def view(self) -> dict:
        return self.layers[-1][0] if self.layers else self.store.values

    def change(self, line: str) -> None:
        if not self.layers:
            self.store.write([line])
            return
        seen, changes = self.layers[-1]
        replay(seen, line)
        changes.append(line)
''')
code = code.replace('''    def more(self, line: str) -> str:
''', '''    def more(self, line: str) -> str:
        if line == "begin":
            self.layers.append((dict(self.view()), []))
            return "ok"
        if line in ("commit", "rollback"):
            if not self.layers:
                return "error no transaction"
            _, changes = self.layers.pop()
            if line == "commit":
                self.commit(changes)
            return "ok"
''')
code = code.replace('''        return "error unknown command"
''', '''        return "error unknown command"

    def commit(self, changes: list) -> None:
        if not self.layers:
            self.store.write(changes)
            return
        for line in changes:
            self.change(line)
''')
start, end = code.index("    def _replay"), code.index("    def write")
code = code[:start] + code[end:]
code = code.replace("self._replay(line)", "replay(self.values, line)")
code = code.replace("class Store:", '''def replay(values: dict, line: str) -> None:
    """Carry out a change."""
    word, _, rest = line.partition(" ")
    key, _, value = rest.partition(" ")
    if word == "set":
        values[key] = value
    else:
        values.pop(key, None)


class Store:''', 1)
file.write_text(code)
PYTHON
