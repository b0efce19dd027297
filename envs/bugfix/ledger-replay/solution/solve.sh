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
    "ledger/state.py",
    "        return State(self.balances, self.version)",
    "        return State(dict(self.balances), self.version, dict(self.keys))",
)
edit(
    "ledger/snapshots.py",
    '''        found = [state for state in self._kept if state.version <= version]
        return found[-1] if found else None''',
    '''        found = [state for state in self._kept if state.version <= version]
        return found[-1].copy() if found else None''',
)
edit(
    "ledger/book.py",
    '''        for event in self._events[max(0, state.version - 1) : version]:
            state.apply(event)
        return state''',
    '''        for event in self._events[state.version : version]:
            state.apply(event)
        return state''',
)
edit(
    "ledger/book.py",
    '''        if event.source is not None and self._state.balances.setdefault(event.source, 0) < event.amount:
            raise Overdrawn(event.source)''',
    '''        if event.source is not None and self._state.balances.get(event.source, 0) < event.amount:
            raise Overdrawn(event.source)''',
)
PYTHON
python3 -m unittest --quiet
