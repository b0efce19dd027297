#!/bin/bash
set -euo pipefail
cat > kv/store.py <<'PYTHON'
"""The store."""

from kv.errors import NoTransaction


class Store:
    """Values by key, both texts. Each open transaction keeps what its keys were before it."""

    def __init__(self):
        self._values, self._counts, self._before = {}, {}, []

    def get(self, key):
        """Return the value of a key, or None."""
        return self._values.get(key)

    def set(self, key, value):
        """Set the value of a key."""
        self._note(key)
        self._put(key, value)

    def delete(self, key):
        """Take a key away; return whether it was there."""
        if key not in self._values:
            return False
        self._note(key)
        self._put(key, None)
        return True

    def count(self, value):
        """Return how many keys have a value."""
        return self._counts.get(value, 0)

    def keys(self, prefix=""):
        """Return the keys with a beginning, sorted."""
        return sorted(key for key in self._values if key.startswith(prefix))

    def depth(self):
        """Return how many transactions are open."""
        return len(self._before)

    def begin(self):
        """Open a transaction."""
        self._before.append({})

    def commit(self):
        """Close the innermost transaction and keep its changes."""
        before = self._close()
        if self._before:
            for key, value in before.items():
                self._before[-1].setdefault(key, value)

    def rollback(self):
        """Close the innermost transaction and take its changes back."""
        for key, value in self._close().items():
            self._put(key, value)

    def _close(self):
        if not self._before:
            raise NoTransaction("no transaction is open")
        return self._before.pop()

    def _note(self, key):
        if self._before:
            self._before[-1].setdefault(key, self._values.get(key))

    def _put(self, key, value):
        old = self._values.pop(key, None)
        if old is not None:
            self._counts[old] -= 1
            if not self._counts[old]:
                del self._counts[old]
        if value is not None:
            self._values[key] = value
            self._counts[value] = self._counts.get(value, 0) + 1
PYTHON
cat > kv/shell.py <<'PYTHON'
"""The command language."""

import re

from kv.errors import NoTransaction
from kv.store import Store

_FORMS = re.compile(
    "(?:(SET) ([^ ]+) (.+)|(GET|DELETE) ([^ ]+)|(COUNT) (.+)|(KEYS)(?: ([^ ]+))?|(DEPTH|BEGIN|COMMIT|ROLLBACK|END))", re.DOTALL
)


def run(lines):
    """Run commands on a new store, and return what is printed."""
    store, printed = Store(), []
    for line in lines:
        match = _FORMS.fullmatch(line)
        if match is None:
            printed += ["ERROR"] if line else []
            continue
        name, *given = [group for group in match.groups() if group is not None]
        if name == "END":
            break
        try:
            found = getattr(store, name.lower())(*given)
        except NoTransaction:
            found = "NO TRANSACTION"
        printed += _shown(name, found)
    return printed


def _shown(name, found):
    if name == "GET":
        return ["NULL" if found is None else found]
    if name == "KEYS":
        return [" ".join(found) or "-"]
    return [] if found is None else [str(int(found)) if isinstance(found, bool) else str(found)]
PYTHON
python3 -m unittest --quiet
