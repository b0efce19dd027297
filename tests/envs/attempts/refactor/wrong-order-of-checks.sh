# Checks the weight before the zone: another message where both are bad.
bash "$SOLUTION/solve.sh"
python3 - <<'PYTHON'
from pathlib import Path

lines = Path("prices.py").read_text().splitlines(keepends=True)
at = next(i for i, line in enumerate(lines) if '["zones"]:' in line)
lines[at : at + 4] = lines[at + 2 : at + 4] + lines[at : at + 2]
Path("prices.py").write_text("".join(lines))
PYTHON
python3 -m unittest --quiet
