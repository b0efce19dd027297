#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit(
    "limiter/bucket.py",
    '''        if tokens > self.plan.burst:
            return None
        missing = tokens * self.plan.period_ms - self.parts
        return max(0, missing // self.plan.calls)''',
    '''        if tokens > self.plan.burst:
            return None
        missing = max(0, tokens * self.plan.period_ms - self.parts)
        return -(-missing // self.plan.calls) + (self.seen_ms - now_ms if missing else 0)''',
)
edit(
    "limiter/bucket.py",
    '''        tokens = (now_ms - self.seen_ms) * self.plan.calls // self.plan.period_ms
        self.parts += tokens * self.plan.period_ms
        self.seen_ms = now_ms''',
    '''        passed_ms = max(0, now_ms - self.seen_ms)
        self.parts = min(self.parts + passed_ms * self.plan.calls, self.plan.burst * self.plan.period_ms)
        self.seen_ms += passed_ms''',
)
edit(
    "limiter/buckets.py",
    '''    def __init__(self, known={}):
        self._known = known

    def of(self, plan, caller, now_ms):
        """Return the bucket of a caller."""
        if plan not in self._known:
            self._known[plan] = Bucket(plan, now_ms)
        return self._known[plan]''',
    '''    def __init__(self):
        self._known = {}

    def of(self, plan, caller, now_ms):
        """Return the bucket of a caller."""
        key = (plan, caller)
        if key not in self._known:
            self._known[key] = Bucket(plan, now_ms)
        return self._known[key]''',
)
PYTHON
python3 -m unittest --quiet
