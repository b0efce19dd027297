#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit("memo/entry.py", "        return now <= self.expires", "        return now < self.expires")
edit(
    "memo/store.py",
    '''        if len(self._entries) >= self.size:
            self._make_room()
        if key in self._entries:
            self._entries[key].value = value
        else:
            self._entries[key] = Entry(value, self.clock() + self.ttl)''',
    '''        if self._entries.pop(key, None) is None and len(self._entries) >= self.size:
            self._make_room()
        self._entries[key] = Entry(value, self.clock() + self.ttl)''',
)
edit(
    "memo/store.py",
    "        return entry.value",
    '''        self._entries[key] = self._entries.pop(key)
        return entry.value''',
)
edit(
    "memo/store.py",
    '''        for key in [key for key, entry in self._entries.items() if not entry.alive(now)]:
            del self._entries[key]
        del self._entries[next(iter(self._entries))]''',
    '''        for key in [key for key, entry in self._entries.items() if not entry.alive(now)]:
            del self._entries[key]
        if len(self._entries) >= self.size:
            del self._entries[next(iter(self._entries))]''',
)
edit(
    "memo/keys.py",
    '''    key = args
    for item in kwargs.items():
        key += item
    return key''',
    '''    positional = tuple((type(value), value) for value in args)
    named = frozenset((name, type(value), value) for name, value in kwargs.items())
    return positional, named''',
)
edit(
    "memo/memoize.py",
    '''            value = store.get(key)
            if value is None:
                value = function(*args, **kwargs)
                store.set(key, value)
            return value''',
    '''            value = store.get(key, store)
            if value is store:
                value = function(*args, **kwargs)
                store.set(key, value)
            return value''',
)
PYTHON
python3 -m unittest --quiet
