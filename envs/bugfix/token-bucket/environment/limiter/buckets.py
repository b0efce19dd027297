"""The buckets of all callers."""

from limiter.bucket import Bucket


class Buckets:
    """Gives each caller of each plan a bucket of its own, which is made at its first call."""

    def __init__(self, known={}):
        self._known = known

    def of(self, plan, caller, now_ms):
        """Return the bucket of a caller."""
        if plan not in self._known:
            self._known[plan] = Bucket(plan, now_ms)
        return self._known[plan]
