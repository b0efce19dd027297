# Everything by hand but the CSV.
cat > answer.py <<'PYTHON'
import csv
import json
import statistics
import sys
from pathlib import Path

folder, out = map(Path, sys.argv[1:])
with open(folder / "readings.csv", encoding="utf-8-sig", newline="") as opened:
    last = {}
    for row in csv.DictReader(line for line in opened if not line.startswith("#")):
        last[row["sensor"], row["at"]] = row
MISSING = {"", "na", "n/a", "null", "-", "-999", "-999.0"}
sensors = {}
for row in last.values():
    values, missing = sensors.setdefault(row["sensor"], ([], []))
    text = row["value"].strip()
    if text.lower() in MISSING:
        missing.append(text)
        continue
    value = float(text)
    unit = row["unit"].strip().upper()
    values.append((value - 32) / 1.8 if unit == "F" else value - 273.15 if unit == "K" else value)
answer = {}
for sensor, (values, missing) in sensors.items():
    left = []
    if values:
        middle = statistics.median(values)
        limit = 5 * statistics.median(abs(value - middle) for value in values)
        left = [value for value in values if abs(value - middle) <= limit]
    answer[sensor] = {
        "readings": len(left),
        "missing": len(missing),
        "outliers": len(values) - len(left),
        "mean_c": round(sum(left) / len(left), 2) if left else None,
    }
out.write_text(json.dumps(answer))
PYTHON
