# One dictionary, and for each open transaction a log of what its keys had before.
cat > kv/store.py <<'PYTHON'
"""The store."""

from collections import Counter

from kv.errors import NoTransaction


class Store:
    """Keys with values."""

    def __init__(self):
        self._now = {}
        self._counts = Counter()
        self._before = []

    def get(self, key):
        return self._now.get(key)

    def set(self, key, value):
        self._put(key, value, True)

    def delete(self, key):
        was = key in self._now
        if was:
            self._put(key, None, False)
        return was

    def _put(self, key, value, there):
        if self._before:
            self._before[-1].setdefault(key, (key in self._now, self._now.get(key)))
        if key in self._now:
            self._counts[self._now.pop(key)] -= 1
        if there:
            self._now[key] = value
            self._counts[value] += 1

    def count(self, value):
        return self._counts.get(value, 0)

    def keys(self, prefix=""):
        return sorted(key for key in self._now if key.startswith(prefix))

    def depth(self):
        return len(self._before)

    def begin(self):
        self._before.append({})

    def commit(self):
        if not self._before:
            raise NoTransaction
        closed = self._before.pop()
        if self._before:
            outer = self._before[-1]
            for key, old in closed.items():
                outer.setdefault(key, old)

    def rollback(self):
        if not self._before:
            raise NoTransaction
        for key, (there, value) in self._before.pop().items():
            if key in self._now:
                self._counts[self._now.pop(key)] -= 1
            if there:
                self._now[key] = value
                self._counts[value] += 1
PYTHON
cat > kv/shell.py <<'PYTHON'
"""Commands, line by line."""

import re

from kv.errors import NoTransaction
from kv.store import Store

FORMS = {
    "SET": r"SET ([^ ]+) (.+)",
    "GET": r"GET ([^ ]+)",
    "DELETE": r"DELETE ([^ ]+)",
    "COUNT": r"COUNT (.+)",
    "DEPTH": r"DEPTH",
    "KEYS": r"KEYS(?: ([^ ]+))?",
    "BEGIN": r"BEGIN",
    "COMMIT": r"COMMIT",
    "ROLLBACK": r"ROLLBACK",
    "END": r"END",
}


def run(lines):
    """Return what is printed."""
    store = Store()
    out = []
    for line in lines:
        name = line.partition(" ")[0]
        form = re.fullmatch(FORMS[name], line, re.DOTALL) if name in FORMS else None
        if line == "":
            continue
        if form is None:
            out.append("ERROR")
        elif name == "END":
            break
        elif name == "SET":
            store.set(*form.groups())
        elif name == "GET":
            value = store.get(form[1])
            out.append("NULL" if value is None else value)
        elif name == "DELETE":
            out.append(str(int(store.delete(form[1]))))
        elif name == "COUNT":
            out.append(str(store.count(form[1])))
        elif name == "DEPTH":
            out.append(str(store.depth()))
        elif name == "KEYS":
            out.append(" ".join(store.keys(form[1] or "")) or "-")
        else:
            try:
                getattr(store, name.lower())()
            except NoTransaction:
                out.append("NO TRANSACTION")
    return out
PYTHON
