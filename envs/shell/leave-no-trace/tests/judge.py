"""Runs convert.sh with commands that fail, wait and are interrupted, and looks at what is left."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import WORKDIR, expect, judge, run, scratch
from trees import expect_tree, file, grown, plant, whole

NAMED = {"in put": file("b\na\nB\nb\n*\n$x\n\na\n"), "tmp dir/keep": file("kept"), "out/old one": file("old\n", 0o640), "-in": file("z\ny\n")}
SORTED = "\n$x\n*\nB\na\nb\n"
FAIL = 'cat; echo more; exit "$1"'
DRIVER = """
set -m
export TMPDIR="$PWD/tmp dir"
bash "$1" 'in put' "$2" bash -c 'trap "echo ended > told; exit 0" TERM; echo half; touch begun; while :; do sleep 0.05; done' & pid=$!
for i in {1..250}; do [ -e begun ] && break; sleep 0.02; done
cat "$2" > seen 2>/dev/null
kill -s "$3" "$pid"
wait "$pid"; echo "$?"
"""


def convert(place: Path, *arguments: str):
    """Run the script with a folder for temporary files of its own."""
    command = 'export TMPDIR="$PWD/tmp dir"; umask 027; exec bash "$@"'
    return run(["bash", "-c", command, "bash", str(WORKDIR / "convert.sh"), *arguments], cwd=place)


def check(case: str, ended, exit_code: int, printed: str, found: dict, changes: dict) -> None:
    """Compare an exit code, what was printed and the folder."""
    expect(ended.exit_code == exit_code and ended.stdout == printed, f"{case}: wanted {exit_code} and {printed!r}, got {ended}")
    expect_tree(case, found, whole({**NAMED, **changes}))


def converts() -> None:
    odd = ["", "two words", "*", "l\nb", "$HOME", "-n"]
    shown = "".join(f"<{one}>" for one in odd)
    echo = ["bash", "-c", "cat; printf '<%s>' \"$@\"", "bash", *odd]
    # Who reads and writes one file must have read it all before.
    cases = [("in put", "new", echo, {"new": file(SORTED + shown, 0o640)}, 7), ("in put", "in put", ["cat"], {"in put": file(SORTED)}, 6),
             ("-in", "-n", ["cat"], {"-n": file("y\nz\n", 0o640)}, 2), ("./-in", "out/old one", ["tac"], {"out/old one": file("z\ny\n", 0o640)}, 2),
             ("in put", "out/l\nb *", ["true"], {"out/l\nb *": file("", 0o640)}, 0)]
    for given, output, command, changes, lines in cases:
        with scratch() as place:
            plant(place, NAMED)
            ended = convert(place, given, output, *command)
            check(f"convert.sh {given!r} {output!r}", ended, 0, f"converted {lines} lines\n", grown(place), changes)


def fails() -> None:
    cases = [(("in put", "out/old one", "bash", "-c", FAIL, "x", "7"), 7), (("in put", "new", "bash", "-c", FAIL, "x", "1"), 1),
             (("nothing", "new", "touch", "ran"), 1), (("nothing", "out/old one", "touch", "ran"), 1), (("in put", "new", "no such command"), 127),
             (("in put", "no/where", "cat"), 1), ((), 2), (("in put", "new"), 2), (("in put", "out/old one", "bash", "-c", "kill -9 $$"), 137)]
    for arguments, exit_code in cases:
        with scratch() as place:
            plant(place, NAMED)
            ended = convert(place, *arguments)
            check(f"convert.sh {arguments}", ended, exit_code, "", grown(place), {})
            quiet = exit_code in (7, 137) or arguments[:2] == ("in put", "new")
            expect(quiet and exit_code != 2 or bool(ended.stderr.strip()), f"convert.sh {arguments}: there is no message")


def interrupted() -> None:
    for name, exit_code, output in (("TERM", 143, "out/old one"), ("INT", 130, "new"), ("HUP", 129, "out/old one")):
        with scratch() as place:
            plant(place, {**NAMED, "driver.sh": file(DRIVER)})
            ended = run(["bash", "driver.sh", str(WORKDIR / "convert.sh"), output, name], cwd=place, timeout_s=12)
            seen = file("old\n" if output == "out/old one" else "")
            changes = {"driver.sh": file(DRIVER), "begun": file(), "told": file("ended\n"), "seen": seen}
            check(f"{name} while it runs", ended, 0, f"{exit_code}\n", grown(place), changes)


judge({"converts": converts, "fails": fails, "interrupted": interrupted})
