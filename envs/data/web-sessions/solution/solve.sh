#!/bin/bash
set -euo pipefail
cat > answer.py <<'PYTHON'
import json
import sys
from datetime import datetime
from pathlib import Path
from statistics import median

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
events, broken, anonymous = {}, 0, 0
for part in sorted(folder.glob("*.jsonl")):
    for line in part.read_text("utf-8").split("\n"):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except ValueError:
            broken += 1
            continue
        events[event["id"]] = event

times = {}
for event in events.values():
    at = event["at"]
    seconds = at / 1000 if isinstance(at, int) else datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
    if event.get("user") is None:
        anonymous += 1
    else:
        times.setdefault(event["user"], []).append(round(seconds))

sessions = []
for user, moments in times.items():
    moments.sort()
    first = 0
    for i in range(1, len(moments) + 1):
        if i == len(moments) or moments[i] - moments[i - 1] > 1800:
            sessions.append((user, moments[i - 1] - moments[first], i - first))
            first = i

per_user = {user: sum(one[0] == user for one in sessions) for user in times}
answer = {
    "broken_lines": broken,
    "anonymous_events": anonymous,
    "sessions": len(sessions),
    "longest_s": max(one[1] for one in sessions),
    "median_events": float(median(one[2] for one in sessions)),
    "busiest_user": min(per_user, key=lambda user: (-per_user[user], user)),
}
out.write_text(json.dumps(answer) + "\n")
PYTHON
