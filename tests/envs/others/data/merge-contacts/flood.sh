# A graph of contacts and their keys, walked from each contact.
cat > answer.py <<'PYTHON'
import csv
import json
import re
import sys
from collections import defaultdict
from pathlib import Path


def email(text):
    text = text.strip().lower()
    name, sign, host = text.rpartition("@")
    name = name.split("+")[0]
    return f"mail {name}@{host}" if name and host else None


def phone(text):
    text = text.strip()
    digits = re.sub("[^0-9]", "", text)
    if text.startswith("+"):
        pass
    elif digits.startswith("00"):
        digits = digits[2:]
    elif digits.startswith("0"):
        digits = "49" + digits[1:]
    return f"phone {digits}" if len(digits) >= 8 else None


folder, out = map(Path, sys.argv[1:])
keys, owners = {}, defaultdict(list)
for path in folder.iterdir():
    if path.name.endswith(".csv"):
        with open(path, encoding="utf-8-sig", newline="") as opened:
            for row in csv.DictReader(opened):
                keys[row["id"]] = [key for key in (email(row["email"] or ""), phone(row["phone"] or "")) if key]
                for key in keys[row["id"]]:
                    owners[key].append(row["id"])
people, seen = [], set()
for start in keys:
    if start in seen:
        continue
    seen.add(start)
    group, todo = [], [start]
    while todo:
        here = todo.pop()
        group.append(here)
        for key in keys[here]:
            for other in owners[key]:
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
    people.append(sorted(group))
answer = {
    "people": len(people),
    "groups": sorted(group for group in people if len(group) > 1),
    "without_email": sorted(
        group[0] for group in people if not any(key.startswith("mail") for each in group for key in keys[each])
    ),
}
out.write_text(json.dumps(answer))
PYTHON
