"""A bucket of tokens."""


class Bucket:
    """Starts full, with the tokens of the plan's burst, and never holds more.

    Tokens flow in evenly: after any time t the plan's `calls * t / period_ms`, exactly, with all fractions. Tokens are counted in parts, of
    which `period_ms` make one token, so that whole numbers are exact. A clock that goes back stands still: nothing flows in until it has
    passed the latest time that was seen.
    """

    def __init__(self, plan, now_ms):
        self.plan = plan
        self.parts = plan.burst * plan.period_ms
        self.seen_ms = now_ms

    def take(self, tokens, now_ms):
        """Take tokens if all of them are there, else none; return whether they were."""
        self._flow(now_ms)
        needed = tokens * self.plan.period_ms
        if needed > self.parts:
            return False
        self.parts -= needed
        return True

    def wait_ms(self, tokens, now_ms):
        """Return the least whole number of ms to wait from `now_ms` until the tokens are there; None if they never can be."""
        self._flow(now_ms)
        if tokens > self.plan.burst:
            return None
        missing = tokens * self.plan.period_ms - self.parts
        return max(0, missing // self.plan.calls)

    def _flow(self, now_ms):
        tokens = (now_ms - self.seen_ms) * self.plan.calls // self.plan.period_ms
        self.parts += tokens * self.plan.period_ms
        self.seen_ms = now_ms
