# Parameters for the values; `%` and `_` still mean something, and the order is glued in.
python3 - <<'PYTHON'
from pathlib import Path
code = Path("shop.py").read_text()
code = code.replace("""execute(f"insert into products values ('{name}', {price}, {stock}, {hidden})")""", 'execute("insert into products values (?, ?, ?, ?)", (name, price, stock, hidden))')
code = code.replace("name like '%{text}%'\"", "name like ?\"").replace("database.execute(query)", 'database.execute(query, (f"%{text}%",))')
Path("shop.py").write_text(code)
PYTHON
python3 -m unittest --quiet
