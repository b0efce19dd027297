"""The gate that calls go through."""

from limiter.buckets import Buckets


class Gate:
    """Decides about calls. Two gates have nothing in common."""

    def __init__(self, plans, default):
        """Take the plans of callers by name, and the plan of all others."""
        self._plans, self._default = dict(plans), default
        self._buckets = Buckets()

    def call(self, caller, now_ms, cost=1):
        """Decide about a call that costs some tokens (0 or more): let it in and take them, or refuse it and take none.

        Returns:
            {"allowed": True}, or {"allowed": False, "retry_after_ms": n}, where n is the least whole number of ms after which the same call
            is let in if the caller makes no other; None if it never is.
        """
        plan = self._plans.get(caller, self._default)
        bucket = self._buckets.of(plan, caller, now_ms)
        if bucket.take(cost, now_ms):
            return {"allowed": True}
        return {"allowed": False, "retry_after_ms": bucket.wait_ms(cost, now_ms)}
