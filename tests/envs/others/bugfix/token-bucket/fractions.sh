# Exact fractions of tokens instead of parts.
cat > limiter/bucket.py <<'PYTHON'
"""A bucket of tokens."""

import math
from fractions import Fraction


class Bucket:
    """Starts full, with the tokens of the plan's burst, and never holds more."""

    def __init__(self, plan, now_ms):
        self.rate = Fraction(plan.calls, plan.period_ms)
        self.most = plan.burst
        self.tokens = Fraction(plan.burst)
        self.latest_ms = now_ms

    def _at(self, now_ms):
        if now_ms > self.latest_ms:
            self.tokens = min(self.most, self.tokens + (now_ms - self.latest_ms) * self.rate)
            self.latest_ms = now_ms

    def take(self, tokens, now_ms):
        """Take tokens if all of them are there, else none; return whether they were."""
        self._at(now_ms)
        if self.tokens < tokens:
            return False
        self.tokens -= tokens
        return True

    def wait_ms(self, tokens, now_ms):
        """Return the least whole number of ms to wait from `now_ms` until the tokens are there; None if they never can be."""
        self._at(now_ms)
        if tokens > self.most:
            return None
        if tokens <= self.tokens:
            return 0
        return math.ceil((tokens - self.tokens) / self.rate) + self.latest_ms - now_ms
PYTHON
cat > limiter/buckets.py <<'PYTHON'
"""The buckets of all callers."""

from limiter.bucket import Bucket


class Buckets:
    """Gives each caller of each plan a bucket of its own, which is made at its first call."""

    def __init__(self):
        self._by_caller = {}

    def of(self, plan, caller, now_ms):
        """Return the bucket of a caller."""
        key = (plan, caller)
        if key not in self._by_caller:
            self._by_caller[key] = Bucket(plan, now_ms)
        return self._by_caller[key]
PYTHON
