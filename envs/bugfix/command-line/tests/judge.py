"""Compares what is read with a reference that goes over characters, in one process for all lines; and runs the program."""

import json
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, expect, judge, parsed, run, same

DRIVER = '''
import json
from clikit.parse import parse


def spoil(value):
    if isinstance(value, list):
        value.append("spoilt")


def case(options, arguments):
    before = json.dumps([options, arguments])
    found = parse(options, arguments)
    kept = json.loads(json.dumps(found))
    for value in [*found["options"].values(), found["rest"]]:
        spoil(value)
    return [kept, json.dumps([options, arguments]) == before]
'''
OPTIONS = [
    {"name": "verbose", "short": "v", "kind": "count"}, {"name": "version", "kind": "flag"}, {"name": "all", "short": "a", "kind": "flag"},
    {"name": "define", "short": "D", "kind": "list"}, {"name": "tag", "short": "t", "kind": "list", "default": ["base"]},
    {"name": "tags", "kind": "text", "default": "none"}, {"name": "level", "short": "l", "kind": "number", "default": 3},
    {"name": "output", "short": "o", "kind": "text"}, {"name": "quiet", "short": "q", "kind": "count", "default": 2},
]  # fmt: skip
DIGITS = [{"name": "five", "short": "5", "kind": "flag"}, {"name": "level", "short": "l", "kind": "number"}]
LINES = [
    "--define=a=b=c", "--define a=b=c", "--define= x", "move -5", "-vvl3", "-vl 3", "-vl", "-- -v --all", "-v -- -- -v", "-o -- -v", "-o -v", "--out -",
    "- -v -", "--ver", "--verb", "--verbose --version", "--tag x --tags y", "--ta x", "-t a -t b", "-ab", "-x", "--all=1", "--verbose=", "-l x", "-l -5", "-l-5",
    "-l --5", "-l 5-", "-l ٣", "-l 0x1", "-l +5", "-l=5", "-o=5", "-aDx=1", "-D", "--output", "--=x", "--level=-7", "--level= 5", "-55", "-5a", "-5.5", "-l", "--d=1",
    "-qq", "-av5", "", "-o a -o b", "file -v file2 --all", "--x=--all",
]  # fmt: skip


def reference(options: list, arguments: list) -> list:
    empty = {"flag": False, "count": 0, "text": None, "number": None, "list": []}
    values = {option["name"]: option.get("default", empty[option["kind"]]) for option in options}
    letters = {option["short"]: option for option in options if "short" in option}
    rest: list = []
    at = 0

    def note(option: dict, attached: object) -> None:
        nonlocal at
        name, kind = option["name"], option["kind"]
        if kind in ("flag", "count"):
            values[name] = True if kind == "flag" else values[name] + 1
            return
        if attached is None:
            if at >= len(arguments):
                raise Refused("UsageError")
            attached = arguments[at]
            at += 1
        if kind == "number":
            if not re.fullmatch("-?[0-9]+", str(attached)):
                raise Refused("UsageError")
            attached = int(str(attached))
        values[name] = [*values[name], attached] if kind == "list" else attached

    while at < len(arguments):
        argument = arguments[at]
        at += 1
        if argument == "--":
            rest += arguments[at:]
            break
        if argument[:2] == "--":
            name, equals, attached = argument[2:].partition("=")
            found = [o for o in options if o["name"] == name] or [o for o in options if o["name"][: len(name)] == name]
            if len(found) != 1 or (equals and found[0]["kind"] in ("flag", "count")):
                raise Refused("UsageError")
            note(found[0], attached if equals else None)
        elif argument[:1] != "-" or argument == "-" or (re.fullmatch("-[0-9]+", argument) and not set(letters) & set("0123456789")):
            rest.append(argument)
        else:
            bundle = argument[1:]
            while bundle:
                option = letters.get(bundle[0])
                bundle = bundle[1:]
                if option is None:
                    raise Refused("UsageError")
                if option["kind"] in ("flag", "count"):
                    note(option, None)
                else:
                    note(option, bundle or None)
                    bundle = ""
    return [{"options": values, "rest": rest}, True]


def random_lines(amount: int) -> list:
    dice = random.Random(2)
    words = ["-v", "-a", "--all", "--define", "--define=x=1", "-D", "-t", "x", "--tag=y", "--", "-", "-5", "-l", "4", "--level=5", "--lev", "-vao", "-Dq", "-qv", "--tags", ""]
    return [[dice.choice(words) for _ in range(dice.randrange(7))] for _ in range(amount)]


def parses() -> None:
    lines = [line.split(" ") if line else [] for line in LINES] + random_lines(500)
    agree(DRIVER, [[OPTIONS, line] for line in lines] + [[DIGITS, line.split(" ")] for line in LINES[:40]] + [[[], ["-5"]], [[], ["--x"]]], reference)


def program() -> None:
    for line in ("-vv file", "--tag x -l-5", "-l x"):
        ended = run(["python3", "-m", "clikit", json.dumps(OPTIONS), *line.split(" ")])
        try:
            wanted = reference(OPTIONS, line.split(" "))[0]
        except Refused:
            expect(ended.exit_code == 2, f"{line}: exit code {ended.exit_code}, wanted 2")
            expect(ended.stdout == "" and ended.stderr.startswith("error: "), f"{line}: wanted a line on standard error only")
        else:
            expect(ended.exit_code == 0 and ended.stdout.count("\n") == 1, f"{line}: wanted a line, got {ended}")
            expect(same(parsed(ended.stdout), wanted), f"{line}: wanted {wanted}, got {ended.stdout}")


judge({"parse": parses, "program": program})
