# Leading zeros are lost.
cat > answer.py <<'PYTHON'
import csv
import json
import sys
from pathlib import Path

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
manifest = json.loads((folder / "manifest.json").read_text("utf-8"))

units, names, problems = {}, {}, []
for branch in manifest["branches"]:
    try:
        file = (folder / branch["file"]).open(encoding=branch["encoding"], newline="")
    except FileNotFoundError:
        problems.append(branch["branch"])
        continue
    with file:
        for row in csv.DictReader(file, delimiter=branch["delimiter"]):
            row = {key.lstrip("\ufeff"): value for key, value in row.items()}
            code = "".join(c for c in row["ean"] if c.isdigit())
            units[code] = units.get(code, 0) + int(row["units"])
            names.setdefault(code, set()).add(" ".join(row["name"].split()))

answer = {
    "units": units,
    "names": {code: sorted(found) for code, found in names.items() if len(found) > 1},
    "missing_branches": sorted(problems),
}
out.write_text(json.dumps(answer, ensure_ascii=False) + "\n", encoding="utf-8")
PYTHON
