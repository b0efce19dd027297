"""Sources of tests/judge.py. They run in a sandbox, beside the suites' judging.py, and read hidden.json."""

from __future__ import annotations

_HEAD = """
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from judging import {names}

HIDDEN = json.loads((HERE / "hidden.json").read_text())

"""


def _judge(purpose: str, names: str, body: str) -> str:
    return f'"""{purpose}"""\n{_HEAD.format(names=names)}\n{body.strip()}\n'


CALLS = _judge(
    "Calls functions of the workspace with hidden arguments, and compares what they return or raise.",
    "call, expect, judge, same",
    """
def check(part):
    arguments = [case["arguments"] for case in part["cases"]]
    answers = call(part["module"], part["function"], arguments, timeout_s=part["timeout_s"])
    for case, answer in zip(part["cases"], answers):
        shown = f"{part['function']}{tuple(case['arguments'])}"[:300]
        if "error" in case:
            expect(case["error"] in answer.get("error", []), f"{shown}: wanted {case['error']}, got {answer}")
        else:
            right = "value" in answer and same(answer["value"], case["value"])
            expect(right, f"{shown}: wanted {case['value']}, got {answer}")
            expect(same(answer["arguments"], case["arguments"]), f"{shown} changed its arguments")


judge({part["function"]: (lambda part=part: check(part)) for part in HIDDEN["parts"]})
""",
)
"""`parts`: each `module`, `function`, `timeout_s`, `cases` (`arguments`, and `value` or the name of an `error`)."""

PATTERN = _judge(
    "Matches the pattern with hidden texts, in a process of its own.",
    "content, expect, judge, parsed, run",
    '''
MATCH = """
import json, re, sys
pattern, texts = json.load(sys.stdin)
print(json.dumps([re.fullmatch(pattern, text) is not None for text in texts]))
"""


def pattern():
    given = content("pattern.txt").removesuffix("\\n")
    texts = [text for text, _ in HIDDEN["texts"]]
    ended = run(["python3", "-I", "-c", MATCH], stdin=json.dumps([given, texts]))
    expect(ended.exit_code == 0, f"the pattern can't be used: {ended.stderr.strip()[-300:]}")
    for (text, wanted), found in zip(HIDDEN["texts"], parsed(ended.stdout)):
        expect(found is wanted, f"{text!r} {'should match' if wanted else 'should not match'}")


judge({"pattern": pattern})
''',
)
"""`texts`: pairs of a text and whether it matches."""

CONFIG = _judge(
    "Reads the configuration files and compares what they say.",
    "content, expect, judge, parsed, same, Wrong",
    """
import configparser
import tomllib


def read(name):
    text = content(name)
    if name.endswith(".json"):
        return parsed(text)
    try:
        if name.endswith(".toml"):
            return tomllib.loads(text)
        reader = configparser.ConfigParser(interpolation=None, default_section="", delimiters=("=",))
        reader.optionxform = str
        reader.read_string(text)
        return {section: dict(reader[section]) for section in reader.sections()}
    except (ValueError, RecursionError, configparser.Error) as error:
        raise Wrong(f"{name} can't be read: {error}") from None


def check(name, wanted):
    found = read(name)
    names = sorted(wanted)
    expect(isinstance(found, dict) and sorted(found) == names, f"{name}: the sections are not {names}")
    for section, values in wanted.items():
        expect(same(found[section], values), f"{name}: {section}: {json.dumps(found[section], default=repr)[:500]}")


judge({name: (lambda name=name: check(name, HIDDEN["files"][name])) for name in HIDDEN["files"]})
""",
)
"""`files`: name -> section -> key -> value."""
