#!/bin/bash
set -euo pipefail
cat > summarize.py <<'PYTHON'
"""Summarise an access log as JSON."""

import json
import math
import re
import sys
from collections import Counter

QUOTED = r'"(?:[^"\\]|\\.)*"'
LINE = re.compile(
    r'\S+ \S+ \S+ \[[^\]]+\] "\S+ (?P<target>\S+) \S+" (?P<status>\d{3}) (?P<bytes>\d+|-) '
    rf"{QUOTED} {QUOTED} (?P<seconds>\d+(?:\.\d+)?)"
)


def summarize(lines):
    """Return the summary of the lines of a log."""
    filled = [line for line in lines if line]
    requests = [match for match in map(LINE.fullmatch, filled) if match]
    paths = Counter(request["target"].partition("?")[0] for request in requests)
    seconds = sorted(float(request["seconds"]) for request in requests)
    return {
        "requests": len(requests),
        "malformed": len(filled) - len(requests),
        "status": Counter(request["status"][0] + "xx" for request in requests),
        "bytes": sum(int(request["bytes"].replace("-", "0")) for request in requests),
        "top_paths": sorted(paths.items(), key=lambda item: (-item[1], item[0]))[:3],
        "p95_s": seconds[math.ceil(len(seconds) * 95 / 100) - 1] if seconds else None,
    }


with open(sys.argv[1], encoding="utf-8", errors="replace", newline="\n") as log:
    print(json.dumps(summarize(log.read().split("\n"))))
PYTHON
