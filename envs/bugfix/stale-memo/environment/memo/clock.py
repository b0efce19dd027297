"""Clocks. Anything without parameters that returns seconds is one."""

import time

system = time.monotonic


class ManualClock:
    """A clock for tests that stands still until it is set forward."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now
