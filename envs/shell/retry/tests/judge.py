"""Runs retry.sh with commands that count their runs and note their signals."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import WORKDIR, content, expect, judge, looking_at, run, scratch
from trees import file, plant, script

COUNTER = """#!/bin/bash
# counter GOOD CODE: works from run GOOD on, fails with CODE before.
echo run >> runs
cat
printf '<%s>' "${@:3}"
[ "$(wc -l < runs)" -ge "$1" ] || exit "$2"
"""
NOTER = """
import os, signal, sys, time
def note(number, frame):
    time.sleep(0.2)
    open("noted", "a").write(f"{number}\\n")
    sys.exit(int(sys.argv[1]))
for number in (1, 2, 15):
    signal.signal(number, note)
open("runs", "a").write("run\\n")
time.sleep(20)
"""
DRIVER = """
set -m
bash "$1" 5 "$2" noter.py "$3" & pid=$!
for i in {1..200}; do [ -s runs ] && break; sleep 0.02; done
sleep 0.1
kill -s "$4" "$pid"
wait "$pid"; echo "$?"
cat noted runs
"""


def failures(codes: list, tries: int) -> str:
    """Return what has to stand on standard error."""
    return "".join(f"retry.sh: try {i} of {tries} ended with {code}\n" for i, code in enumerate(codes, start=1))


def tries() -> None:
    odd = ["", "two words", "*", "l\nb", "$HOME", "-n", "'", '"', "\\"]
    for good, code, most, given in [(1, 3, 1, ""), (3, 7, 5, "in\nput"), (5, 7, 3, "x\n"), (2, 255, 2, ""), (9, 1, 4, "y"), (3, 127, 9, "")]:
        with scratch() as place:
            plant(place, {"my counter": file(COUNTER, 0o755)})
            ended = script("retry.sh", most, "./my counter", good, code, *odd, cwd=place, stdin=given)
            codes = [code] * min(good - 1, most)
            codes = codes[:1] if code in (126, 127) else codes
            runs = len(codes) if code == 127 else min(good, most)
            case = f"a command that fails {good - 1} times with {code}, {most} tries"
            out = (given + "".join(f"<{one}>" for one in odd)) * runs
            expect(ended.stdout == out, f"{case}: wanted {out!r} on standard output, got {ended}")
            wanted = code if good > most or code == 127 else 0
            expect(ended.exit_code == wanted, f"{case}: wanted exit code {wanted}, got {ended}")
            expect(ended.stderr == failures(codes, most), f"{case}: standard error: {ended}")


def not_runnable() -> None:
    with scratch() as place:
        plant(place, {"plain file": file("x")})
        for command, code in (("no such command", 127), ("./plain file", 126), ("./nothing", 127)):
            ended = script("retry.sh", 4, command, cwd=place)
            lines = [line for line in ended.stderr.splitlines() if line.startswith("retry.sh: try ")]
            right = ended.exit_code == code and lines == failures([code], 4).splitlines() and not ended.stdout
            expect(right, f"{command}: wanted exit code {code} after one try, got {ended}")


def signals() -> None:
    content("retry.sh")
    for name, number, code in (("TERM", 15, 0), ("INT", 2, 9), ("HUP", 1, 0)):
        with scratch() as place:
            plant(place, {"driver.sh": file(DRIVER), "noter.py": file(NOTER)})
            arguments = [str(WORKDIR / "retry.sh"), sys.executable, str(code), name]
            ended = run(["bash", "driver.sh", *arguments], cwd=place, timeout_s=15)
            wanted = f"{128 + number}\n{number}\nrun\n"
            expect(ended.stdout == wanted, f"{name}: wanted exit code, noted signal and runs {wanted!r}, got {ended}")
            expect("retry.sh: try" not in ended.stderr, f"{name}: a try was reported: {ended}")
            with looking_at("noted"):
                expect((place / "noted").read_text() == f"{number}\n", f"{name} was not passed on exactly once")


def refuses() -> None:
    with scratch() as place:
        bad = [(), ("3",), *((most, "touch", "made") for most in ("0", "-1", "+1", "x", "", "1.5", "01", "1001", " 1", "1\n", "a[0]", "1+1"))]
        for arguments in bad:
            ended = script("retry.sh", *arguments, cwd=place)
            right = ended.exit_code == 2 and ended.stderr.strip() and not ended.stdout
            expect(bool(right), f"retry.sh {arguments}: wanted exit code 2 and a message, got {ended}")
            with looking_at("the folder"):
                expect(not (place / "made").exists(), f"retry.sh {arguments}: the command was run")


judge({"tries": tries, "not_runnable": not_runnable, "signals": signals, "refuses": refuses})
