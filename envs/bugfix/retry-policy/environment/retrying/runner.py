"""Running operations."""

import time

from retrying.backoff import wait_ms
from retrying.report import Report


def _sleep_ms(wait):
    time.sleep(wait / 1000)


def _now_ms():
    return time.monotonic() * 1000


class Runner:
    """Calls operations until they succeed, or the policy says that it is enough."""

    def __init__(self, policy, sleep_ms=_sleep_ms, now_ms=_now_ms):
        self._policy, self._sleep_ms, self._now_ms = policy, sleep_ms, now_ms
        self.report = Report()

    def run(self, operation):
        """Return what the operation returns; the attribute `report` then has the failures of this run.

        Between two calls it sleeps once for the policy's wait, also if that is 0 ms. It gives up, without sleeping, and raises the
        operation's last error itself when that is not tried again, was that of the last attempt, or when the wait would end later than
        the deadline, which counts from the beginning of the run.
        """
        policy = self._policy
        self.report = Report()
        for failures in range(1, policy.attempts + 2):
            start = self._now_ms()
            try:
                return operation()
            except Exception as error:
                wait = wait_ms(policy, failures, error)
                late = policy.deadline_ms is not None and self._now_ms() + wait > start + policy.deadline_ms
                if not policy.retries(error) or late:
                    self.report.add(error, None)
                    raise
                self.report.add(error, wait)
                self._sleep_ms(wait)
                last = error
        raise last
