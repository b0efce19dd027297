from __future__ import annotations

import time

import pytest

from claudebox_rl.session.security.shell import ShellRules, judge_script, read_script

RULES = ShellRules(blocked=("rm -rf",), is_strict=True)
CASES = {
    "a megabyte": "echo " + "a" * 1_000_000,
    "words": "echo " + "a " * 95_000,
    "brackets": "(" * 100_000,
    "substitutions": "$(" * 39 + "rm -rf x" + ")" * 39,
    "statements": "true; " * 20_000,
    "quotes": "'" * 100_001,
    "dollars": "$" * 50_000,
    "here-documents": "cat <<A\n" * 3_000,
    "redirects": "<" * 50_000,
    "loops": "for a in 1 2 3 4 5 6 7 8 9; do " * 12 + "rm -rf x;" + "done;" * 12,
    "functions": "".join(f"f{i}() {{ f{i - 1}; f{i - 1}; }};" for i in range(1, 40)) + "f0() { rm -rf x; }; f39",
    "recursion": "f() { f; f; }; f",
    "evals": "eval " * 300 + "rm -rf x",
    "shells": "bash -c " * 5_000,
    "launchers": "env " * 20_000 + "rm -rf x",
    "backslashes": "\\" * 190_001,
    "ifs": "if true; then " * 300 + "rm -rf x;" + "fi;" * 300,
    "surrogates": "rm \ud800",
    "NUL": "r\0m -rf x",
    "carriage return": "true\rrm -rf x",
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_hard_texts_are_refused_in_time(text: str) -> None:
    start = time.process_time()
    assert judge_script(text, RULES)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("name", ["r\u200bm", "\u0433m", "\uff52\uff4d", "r\u00adm"])
def test_names_that_only_look_alike_are_unclear(name: str) -> None:
    reading = read_script(f"{name} -rf x")
    assert reading.commands[0].name == name
    assert reading.unclear
    assert judge_script(f"{name} -rf x", RULES)
    assert judge_script(f"{name} -rf x", ShellRules(blocked=("rm -rf",))) is None


def test_brackets_and_braces_in_bounds_are_read() -> None:
    assert len(read_script("echo {1..9}{1..9}").commands[0].argv) == 82
    assert read_script("echo {1..999}{1..999}").commands[0].argv == ("echo", None)
