# -999 is taken for a value.
cat > answer.py <<'PYTHON'
import csv
import json
import sys
from pathlib import Path
from statistics import median

MISSING = {"", "na", "n/a", "null", "-"}

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
values, missing = {}, {}
with (folder / "readings.csv").open(newline="", encoding="utf-8") as file:
    readings = {}
    for row in csv.DictReader(line for line in file if not line.startswith("#")):
        readings[row["sensor"], row["at"]] = row
for (sensor, _), row in readings.items():
    values.setdefault(sensor, [])
    missing.setdefault(sensor, 0)
    text = row["value"].strip().lower()
    if text in MISSING:
        missing[sensor] += 1
        continue
    value = float(text)
    unit = row["unit"].strip().upper() or "C"
    values[sensor].append((value - 32) / 1.8 if unit == "F" else value - 273.15 if unit == "K" else value)

answer = {}
for sensor, found in values.items():
    kept, outliers = found, 0
    if found:
        middle = median(found)
        spread = median(abs(value - middle) for value in found)
        kept = [value for value in found if abs(value - middle) <= 5 * spread]
        outliers = len(found) - len(kept)
    mean = round(sum(kept) / len(kept), 2) if kept else None
    answer[sensor] = {"readings": len(kept), "missing": missing[sensor], "outliers": outliers, "mean_c": mean}
out.write_text(json.dumps(answer) + "\n")
PYTHON
