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
    "warehouse/order.py",
    '''MOVES = {
    ("waiting", "reserved"),
    ("reserved", "shipped"),
    ("waiting", "cancelled"),
    ("reserved", "cancelled"),
    ("cancelled", "cancelled"),
    ("shipped", "cancelled"),
    ("waiting", "expired"),
    ("reserved", "expired"),
}''',
    '''MOVES = {
    ("waiting", "reserved"),
    ("reserved", "shipped"),
    ("waiting", "cancelled"),
    ("reserved", "cancelled"),
    ("waiting", "expired"),
    ("reserved", "expired"),
}''',
)
edit(
    "warehouse/order.py",
    "        self.wants = dict(lines)",
    '''        self.wants = {}
        for article, amount in lines:
            self.wants[article] = self.wants.get(article, 0) + amount''',
)
edit("warehouse/shelves.py", "        self.there = stock", "        self.there = dict(stock)")
edit(
    "warehouse/shelves.py",
    '''        for article, amount in wants.items():
            if self.available(article) < amount:
                return False
            self.reserved[article] = self.reserved.get(article, 0) + amount
        return True''',
    '''        if any(self.available(article) < amount for article, amount in wants.items()):
            return False
        for article, amount in wants.items():
            self.reserved[article] = self.reserved.get(article, 0) + amount
        return True''',
)
edit(
    "warehouse/shelves.py",
    '''        for article, amount in wants.items():
            self.there[article] -= amount''',
    '''        for article, amount in wants.items():
            self.there[article] -= amount
            self.reserved[article] -= amount''',
)
edit(
    "warehouse/house.py",
    '''        ended = []
        for name in self._open:
            if self._orders[name].until < now:
                self._end(name, "expired")
                ended.append(name)
        self._serve()
        return ended''',
    '''        ended = [name for name in self._open if self._orders[name].until <= now]
        for name in ended:
            self._end(name, "expired")
        self._serve()
        return ended''',
)
edit(
    "warehouse/house.py",
    "        self._shelves.there[article] = self._shelves.there.get(article, 0) + amount",
    '''        self._shelves.there[article] = self._shelves.there.get(article, 0) + amount
        self._serve()''',
)
PYTHON
python3 -m unittest --quiet
