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
    "retrying/policy.py",
    '''        if isinstance(error, self.retry_on):
            return True
        return not isinstance(error, self.never)''',
    "        return isinstance(error, self.retry_on) and not isinstance(error, self.never)",
)
edit(
    "retrying/backoff.py",
    '''    asked = getattr(error, "retry_after_ms", None)
    if asked:
        return min(asked, policy.cap_ms)
    return min(policy.base_ms, policy.cap_ms) * policy.factor ** (failures - 1)''',
    '''    asked = getattr(error, "retry_after_ms", None)
    if asked is not None:
        return asked
    return min(policy.base_ms * policy.factor ** (failures - 1), policy.cap_ms)''',
)
edit(
    "retrying/report.py",
    '''    def __init__(self, failures=[]):
        self.failures = failures''',
    '''    def __init__(self):
        self.failures = []''',
)
edit(
    "retrying/runner.py",
    '''        for failures in range(1, policy.attempts + 2):
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
        raise last''',
    '''        start = self._now_ms()
        failures = 0
        while True:
            try:
                return operation()
            except Exception as error:
                failures += 1
                wait = wait_ms(policy, failures, error)
                late = policy.deadline_ms is not None and self._now_ms() + wait > start + policy.deadline_ms
                if failures >= policy.attempts or not policy.retries(error) or late:
                    self.report.add(error, None)
                    raise
                self.report.add(error, wait)
                self._sleep_ms(wait)''',
)
PYTHON
python3 -m unittest --quiet
