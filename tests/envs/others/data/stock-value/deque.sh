# SQL picks the corrections; Python's datetime the order; a deque holds the layers.
cat > answer.py <<'PYTHON'
import json
import sqlite3
import sys
from collections import deque
from datetime import datetime
from pathlib import Path

folder, out = map(Path, sys.argv[1:])
database = sqlite3.connect((folder / "stock.db").resolve().as_uri() + "?mode=ro", uri=True)
moves = database.execute(
    "SELECT id, item, at, kind, unit_cents, coalesce((SELECT quantity FROM correction WHERE move_id = move.id "
    "ORDER BY rowid DESC LIMIT 1), quantity) FROM move"
).fetchall()
moves.sort(key=lambda move: (datetime.fromisoformat(move[2].replace("Z", "+00:00")), move[0]))
items = {}
for _, item, _, kind, cents, quantity in moves:
    layers, found = items.setdefault(item, (deque(), {"sold_cost_cents": 0, "short_units": 0}))
    if kind == "in":
        layers.append([quantity, cents])
        continue
    while quantity and layers:
        taken = min(quantity, layers[0][0])
        quantity -= taken
        layers[0][0] -= taken
        if kind == "out":
            found["sold_cost_cents"] += taken * layers[0][1]
        if not layers[0][0]:
            layers.popleft()
    found["short_units"] += quantity
answer = {
    item: {**found, "units": sum(n for n, _ in layers), "value_cents": sum(n * cents for n, cents in layers)}
    for item, (layers, found) in items.items()
}
out.write_text(json.dumps(answer))
PYTHON
