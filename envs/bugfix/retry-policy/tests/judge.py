"""Lets scripted operations fail on a clock of its own, twice with each runner."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge, run

DRIVER = '''
from retrying import Policy, Runner

class HttpError(Exception):
    def __init__(self, name="", *retry_after):
        super().__init__(name)
        if retry_after:
            self.retry_after_ms = retry_after[0]

class Busy(HttpError): pass
class Unauthorized(HttpError): pass
class Expired(Unauthorized): pass
class Broken(Exception): pass
KINDS = {kind.__name__: kind for kind in (HttpError, Busy, Unauthorized, Expired, Broken, KeyboardInterrupt, Exception)}


def case(policy, runs):
    now, sleeps = [1000], []
    def sleep(wait):
        sleeps.append(wait)
        now[0] += wait
    for name in ("retry_on", "never"):
        if name in policy:
            policy[name] = tuple(KINDS[kind] for kind in policy[name])
    runner = Runner(Policy(**policy), sleep, lambda: now[0])
    seen = []
    for steps in runs:
        calls, raised = [], []
        def operation():
            takes, kind, *retry_after = steps[len(calls)] if len(calls) < len(steps) else [0, None]
            calls.append(kind)
            now[0] += takes
            if kind is not None:
                raised.append(KINDS[kind](kind, *retry_after) if kind not in ("KeyboardInterrupt", "Exception", "Broken") else KINDS[kind](kind))
                raise raised[-1]
            return len(calls)
        del sleeps[:]
        try:
            ended = ["value", runner.run(operation)]
        except BaseException as error:
            ended = [type(error).__name__, bool(raised) and error is raised[-1]]
        seen.append([ended, list(sleeps), len(calls), runner.report.failures])
    return seen
'''
ABOVE = {
    "HttpError": {"HttpError", "Exception"}, "Busy": {"Busy", "HttpError", "Exception"}, "Exception": {"Exception"},
    "Unauthorized": {"Unauthorized", "HttpError", "Exception"}, "Broken": {"Broken", "Exception"}, "KeyboardInterrupt": set(),
    "Expired": {"Expired", "Unauthorized", "HttpError", "Exception"},
}  # fmt: skip


def one_run(policy: dict, steps: list) -> list:
    passed, sleeps, failures = 0, [], []
    for number, step in enumerate([*steps, [0, None]], 1):
        takes, kind, *retry_after = step
        passed += takes
        if kind is None:
            return [["value", number], sleeps, number, failures]
        if kind == "KeyboardInterrupt":
            return [[kind, True], sleeps, number, failures]
        wait = min(policy["base_ms"] * policy.get("factor", 2) ** (number - 1), policy.get("cap_ms", 60_000))
        if retry_after and retry_after[0] is not None and kind not in ("Broken", "Exception"):
            wait = retry_after[0]
        wanted = ABOVE[kind] & set(policy.get("retry_on", ["Exception"])) and not ABOVE[kind] & set(policy.get("never", []))
        deadline = policy.get("deadline_ms")
        if not wanted or number == policy["attempts"] or (deadline is not None and passed + wait > deadline):
            return [[kind, True], sleeps, number, [*failures, [kind, None]]]
        failures.append([kind, wait])
        sleeps.append(wait)
        passed += wait
    raise AssertionError("the last step has no error")


def reference(policy: dict, runs: list) -> list:
    return [one_run(policy, steps) for steps in runs]


def random_cases(amount: int) -> list:
    dice = random.Random(503)
    cases = []
    for _ in range(amount):
        policy = {"attempts": dice.choice([1, 2, 3, 5, 9]), "base_ms": dice.choice([0, 10, 100, 5000])}
        options = {
            "factor": dice.choice([1, 2, 3]), "cap_ms": dice.choice([50, 250, 1000, 4000]), "deadline_ms": dice.choice([None, 0, 300, 1000, 10000]),
            "retry_on": dice.choice([["HttpError"], ["Busy", "Broken"], ["Unauthorized"]]),
            "never": dice.choice([["Unauthorized"], ["Exception"], ["Expired", "Broken"]]),
        }  # fmt: skip
        policy |= {name: value for name, value in options.items() if dice.random() < 0.5}
        runs = []
        for _ in range(2):
            kinds = dice.choice([["Busy"], ["Busy", "HttpError"], list(ABOVE)])
            steps = [[dice.choice([0, 0, 10, 300, 900]), dice.choice(kinds)] for _ in range(dice.randrange(9))]
            runs.append([step + ([dice.choice([0, 0, None, 70, 9000])] if dice.random() < 0.3 else []) for step in steps])
        cases.append([policy, runs])
    return cases


judge({"run": lambda: agree(DRIVER, random_cases(600), reference)})
