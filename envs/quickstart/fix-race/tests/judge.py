"""Runs each scenario of threads in a process of its own and compares what the threads saw."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import expect, judge, parsed, run, same

SCENARIOS = Path(__file__).with_name("scenarios.py").read_text()
WANTED = {
    "once": {
        "seen": [["value", f"value of {'abcd'[number % 4]}"] for number in range(16)],
        "again": [f"value of {key}" for key in "abcd"],
        "loads": ["a", "b", "c", "d"],
    },
    "parallel": [["value", number * 2] for number in range(4)],
    "not_held_up": [["value", "slow"], ["value", ["READY", "quick", False]]],
    "errors": {"seen": [["error", "LookupError", "no k"]] * 8, "few": True, "then": "now k"},
    "nested": [["value", 144], ["value", 610]],
    "values": {
        "first": [None, False, "", [], []],
        "second": [None, False, "", [], []],
        "same": True,
        "loads": ["'none'", "'false'", "0", "(1, 'x')", "None"],
    },
}


def scenario(name: str) -> None:
    ended = run(["python3", "-I", "-c", SCENARIOS], stdin=name, timeout_s=30)
    expect(ended.exit_code == 0 and bool(ended.stdout), f"no answer: {ended.stderr[-500:]}")
    found = parsed(ended.stdout)
    expect(same(found, WANTED[name]), f"wanted {WANTED[name]}, got {found}")


judge({name: lambda name=name: scenario(name) for name in WANTED})
