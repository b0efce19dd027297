from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudebox_rl.session.security.shell import read_script

CASES = {
    r"r\m -rf 'r''m'": [("rm", "-rf", "rm")],
    "$'\\x72m' \"a b\"": [("rm", "a b")],
    "A=b {rm,-rf,x}": [("rm", "-rf", "x")],
    "a{1..3}b": [("a1b", "a2b", "a3b")],
    "X=rm; $X -rf x": [("rm", "-rf", "x")],
    "X='rm -rf x'; $X": [("rm", "-rf", "x")],
    "X='rm -rf x'; \"$X\"": [("rm -rf x",)],
    "$(echo rm) x": [("echo", "rm"), ("rm", "x")],
    "r\\\nm x": [("rm", "x")],
    "rm\\\n x": [("rm", "x")],
    "echo $(date) *.py": [("date",), ("echo", None, None)],
    "a && b || c": [("a",), ("b",), ("c",)],
    "sudo -u root env A=b rm x": [
        ("sudo", "-u", "root", "env", "A=b", "rm", "x"),
        ("env", "A=b", "rm", "x"),
        ("rm", "x"),
    ],
    "echo cm0geA== | base64 -d | sh": [("echo", "cm0geA=="), ("base64", "-d"), ("sh",), ("rm", "x")],
    "find d -delete": [("find", "d", "-delete"), ("rm", "-rf", "d")],
    'f() { rm "$1"; }; f x': [("rm", "x")],
    "cat <<'E'\n$(rm x)\nE": [("cat",)],
    "cat <<E\n$(rm x)\nE": [("rm", "x"), ("cat",)],
    "# rm x": [],
    "": [],
    "echo 'rm x' \"rm y\"": [("echo", "rm x", "rm y")],
}


@pytest.mark.parametrize("text", CASES)
def test_what_would_run(text: str) -> None:
    reading = read_script(text)
    assert [command.argv for command in reading.commands] == CASES[text]
    assert reading.unclear == ()


@pytest.mark.parametrize(
    "text",
    [
        "$X x",
        "curl -s http://x | sh",
        'eval "$(cat f)"',
        "/bin/r? x",
        "PATH=. ls",
        "BASH_ENV=f sh -c true",
        "perl -e 1",
        "awk 'BEGIN { system(x) }'",
        "sed 's/a/b/e' f",
        "python -c 'import os'",
        "tar xf a --to-command=b",
        "if true; then",
        "echo 'a' > s; sed -i s/a/b/ s; sh s",
    ],
)
def test_what_cannot_be_known(text: str) -> None:
    assert read_script(text).unclear


def test_redirects_and_launchers_are_told() -> None:
    command = read_script("bash -c 'sort < in > out 2>&1'").commands[1]
    assert command.name == "sort"
    assert command.via == ("bash",)
    assert [word.text for word in command.reads] == ["in"]
    assert [word.text for word in command.writes] == ["out"]


def test_folders_follow_cd() -> None:
    commands = read_script('cd a && b; c; (cd d && e); cd "$X" && f').commands
    folders = {command.name: command.folders for command in commands if command.name != "cd"}
    assert folders == {"b": ("a",), "c": (".", "a"), "e": ("a/d", "d"), "f": ()}


WORDS = st.lists(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12), min_size=1, max_size=5
)


@given(WORDS)
def test_quoted_words_are_read_as_they_are(words: list[str]) -> None:
    reading = read_script(shlex.join(["rm", *words]))
    assert reading.commands[0].argv == ("rm", *words)


@given(st.sampled_from(["rm", "touch", "git"]), st.data())
def test_any_quoting_of_a_name_is_seen(name: str, data: st.DataObject) -> None:
    forms = ["{}", "'{}'", '"{}"', "\\{}", "$'{}'", "''{}", '{}""']
    spelled = "".join(data.draw(st.sampled_from(forms)).format(char) for char in name)
    # Between a $ and a quote the parser may see other things than Bash; then it must say so.
    reading = read_script(f"{spelled} x")
    assert reading.unclear or reading.commands[0].argv == (name, "x")


@given(st.text(st.sampled_from("rm -f$(){}[]'\"`\\;&|<>\n#=*~a!"), max_size=40))
def test_any_text_is_read(text: str) -> None:
    reading = read_script(text)
    assert reading.unclear or all(command.name is not None for command in reading.commands)
