# Files are read as streams in their own encodings.
cat > answer.py <<'PYTHON'
import csv
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

folder, out = map(Path, sys.argv[1:])
units, names, missing = Counter(), defaultdict(set), []
for branch in json.loads((folder / "manifest.json").read_bytes().decode("utf-8-sig"))["branches"]:
    path = folder / branch["file"]
    if not path.is_file():
        missing.append(branch["branch"])
        continue
    with open(path, encoding=branch["encoding"], newline="") as opened:
        if opened.read(1) != "\ufeff":
            opened.seek(0)
        for row in csv.DictReader(opened, delimiter=branch["delimiter"]):
            ean = "".join(sign for sign in row["ean"] if sign.isdigit()).rjust(13, "0")
            units[ean] += int(row["units"])
            names[ean].add(" ".join(row["name"].split()))
answer = {
    "units": dict(units),
    "names": {ean: sorted(known) for ean, known in names.items() if len(known) > 1},
    "missing_branches": sorted(missing),
}
out.write_text(json.dumps(answer))
PYTHON
