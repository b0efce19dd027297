# Splits on white space and quotation marks, as most first versions do.
cat > summarize.py <<'PYTHON'
import collections
import json
import math
import sys

status, paths, times = collections.Counter(), collections.Counter(), []
size = malformed = 0
for line in open(sys.argv[1], errors="replace"):
    if not line.strip():
        continue
    try:
        before, request, after, *_ = line.split('"')
        code, sent = after.split()
        paths[request.split()[1].split("?")[0]] += 1
        status[code[0] + "xx"] += 1
        size += 0 if sent == "-" else int(sent)
        times.append(float(line.split()[-1]))
    except (ValueError, IndexError):
        malformed += 1
times.sort()
print(json.dumps({
    "requests": len(times), "malformed": malformed, "status": status, "bytes": size,
    "top_paths": paths.most_common(3), "p95_s": times[math.ceil(0.95 * len(times)) - 1] if times else None,
}))
PYTHON
