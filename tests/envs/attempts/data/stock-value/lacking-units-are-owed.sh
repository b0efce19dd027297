# A first correction wins, and losses count as sold.
cat > answer.py <<'PYTHON'
import json
import sqlite3
import sys
from collections import deque
from datetime import datetime
from pathlib import Path

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
database = sqlite3.connect((folder / "stock.db").absolute().as_uri() + "?mode=ro", uri=True)
corrected = dict(database.execute("SELECT move_id, quantity FROM correction ORDER BY rowid DESC"))
moves = []
for number, item, at, kind, quantity, cents in database.execute("SELECT id, item, at, kind, quantity, unit_cents FROM move"):
    quantity = corrected.get(number, quantity)
    moves.append((datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp(), number, item, kind, quantity, cents))
database.close()

answer = {}
layers = {}
for _, _, item, kind, quantity, cents in sorted(moves):
    told = answer.setdefault(item, {"units": 0, "value_cents": 0, "sold_cost_cents": 0, "short_units": 0})
    queue = layers.setdefault(item, deque())
    if kind == "in":
        if quantity:
            queue.append([quantity, cents])
        continue
    while quantity and queue:
        taken = min(quantity, queue[0][0])
        if kind != "in":
            told["sold_cost_cents"] += taken * queue[0][1]
        quantity -= taken
        queue[0][0] -= taken
        if not queue[0][0]:
            queue.popleft()
    told["short_units"] += quantity
for item, queue in layers.items():
    answer[item]["units"] = sum(units for units, _ in queue)
    answer[item]["value_cents"] = sum(units * cents for units, cents in queue)
out.write_text(json.dumps(answer) + "\n")
PYTHON
