# Seconds since 1970 and cuts at long gaps.
cat > answer.py <<'PYTHON'
import json
import statistics
import sys
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

folder, out = map(Path, sys.argv[1:])
events, broken = {}, 0
for path in folder.iterdir():
    if path.name.endswith(".jsonl"):
        for line in path.read_bytes().decode("utf-8").split("\n"):
            if line.strip():
                try:
                    event = json.loads(line)
                except ValueError:
                    broken += 1
                else:
                    events[event["id"]] = event
by_user, anonymous = defaultdict(list), 0
for event in events.values():
    at = event["at"]
    seconds = at // 1000 if isinstance(at, int) else int(datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp())
    if event.get("user") is None:
        anonymous += 1
    else:
        by_user[event["user"]].append(seconds)
sizes, lengths, counts = [], [], Counter()
for user, times in by_user.items():
    times.sort()
    start = 0
    for at in range(1, len(times) + 1):
        if at == len(times) or times[at] - times[at - 1] > 1800:
            sizes.append(at - start)
            lengths.append(times[at - 1] - times[start])
            counts[user] += 1
            start = at
answer = {
    "broken_lines": broken,
    "anonymous_events": anonymous,
    "sessions": len(sizes),
    "longest_s": max(lengths),
    "median_events": statistics.median(sizes),
    "busiest_user": min(counts, key=lambda user: (-counts[user], user)),
}
out.write_text(json.dumps(answer))
PYTHON
