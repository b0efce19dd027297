"""Interpreters, and other programs whose options or texts can run a command."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._outputs import output_of
from claudebox_rl.session.security.shell._python import commands_in
from claudebox_rl.session.security.shell.reading import Word

if TYPE_CHECKING:
    from claudebox_rl.session.security.shell._around import Around
    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope

_Launcher = Callable[["Reader", "list[Word]", "Scope", "Around"], "str | None"]


@dataclass(frozen=True, slots=True)
class Language:
    """How an interpreter takes code.

    Attributes:
        code: Letters and long options whose value is code.
        values: Letters of other options that take a value.
        ends: Letters after whose value the program's own words come.
    """

    code: str
    long: frozenset[str] = frozenset()
    values: str = ""
    ends: str = ""


_LANGUAGES: dict[str, Language] = {
    "perl": Language("eE", values="IMm"),
    "ruby": Language("e", values="rIC"),
    "node": Language("ep", frozenset({"--eval", "--print"}), values="r"),
    "nodejs": Language("ep", frozenset({"--eval", "--print"}), values="r"),
    "bun": Language("ep", frozenset({"--eval", "--print"})),
    "deno": Language("", frozenset({"eval"})),
    "php": Language("rBREF"),
    "lua": Language("e", values="l"),
    "luajit": Language("e", values="l"),
    "tclsh": Language(""),
    "expect": Language("c"),
    "Rscript": Language("e"),
    "R": Language("e"),
    "julia": Language("eE", frozenset({"--eval", "--print"})),
    "guile": Language("c"),
    "osascript": Language("e"),
    "tsx": Language("ep", frozenset({"--eval"})),
    "ts-node": Language("ep", frozenset({"--eval"})),
    "pwsh": Language("c", frozenset({"-Command", "-c"})),
}


def _interpreter(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    name = words[0].base or ""
    language = _LANGUAGES[name]
    left = list(words[1:])
    while left and left[0].starts().startswith("-") and left[0].text != "-":
        word = left.pop(0)
        text = word.text or word.prefix
        if text.partition("=")[0] in language.long or (text[1:2] != "-" and set(text[1:]) & set(language.code)):
            reader.doubt(f"what the code that `{name}` is given runs can't be known")
            return None
        if text == "--":
            break
        if text[-1:] in language.values and len(text) == 2 and left:
            left.pop(0)
    if left and left[0].text in language.long:
        reader.doubt(f"what the code that `{name}` is given runs can't be known")
        return None
    return _code_file(reader, left[0] if left else None, name, scope, around)


def _code_file(reader: Reader, word: Word | None, name: str, scope: Scope, around: Around) -> str | None:
    is_input = word is None or word.text in ("-", "/dev/stdin", "/dev/fd/0")
    if is_input:
        if around.stdin is not None:
            reader.doubt(f"what the code that `{name}` is fed runs can't be known")
    elif word is not None and (word.is_feed or scope.written(word) or (word.text is None and not word.starts())):
        reader.doubt(f"what the file that `{name}` runs does can't be known")
    return None


def _python(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    left = list(words[1:])
    while left and left[0].starts().startswith("-") and left[0].text != "-":
        word = left.pop(0)
        text = word.text
        if text is None:
            reader.doubt("the options of Python can't be known")
            return None
        if text.startswith("--"):
            continue
        if "c" in text and not set(text[1 : text.index("c")]) & set("mWX"):
            attached = text[text.index("c") + 1 :]
            code = Word(attached) if attached else left[0] if left else None
            return _python_code(reader, None if code is None else code.text, scope, around)
        if "m" in text:
            module = text[text.index("m") + 1 :] or (left[0].text if left else None)
            return _module(reader, module, left[1:], scope)
        if text[-1:] in "WX" and left:
            left.pop(0)
    if not left or left[0].text in ("-", "/dev/stdin"):
        return "" if around.stdin is None else _python_code(reader, around.stdin.text, scope, around)
    word = left[0]
    if word.is_feed or scope.written(word):
        return _python_code(reader, word.feed if word.is_feed else scope.content(word), scope, around)
    if word.text is None and (word.is_many or not word.starts()):
        reader.doubt("which file Python runs can't be known")
    return None


def _module(reader: Reader, module: str | None, words: list[Word], scope: Scope) -> str | None:
    if module is None or module in ("timeit", "pdb", "trace", "cProfile", "profile", "code", "runpy", "idlelib"):
        reader.doubt("what the code that Python is given runs can't be known")
    elif scope.written(Word(module.replace(".", "/") + ".py")):
        reader.doubt(f"the module {module} is written by the same call, and what it runs can't be known")
    return None


def _python_code(reader: Reader, code: str | None, scope: Scope, around: Around) -> str | None:
    if code is None:
        reader.doubt("what the code that Python is given runs can't be known")
        return None
    texts, lists, is_all = commands_in(code)
    for text in texts:
        reader.script(text, scope.copy(), around.inner())
    for words in lists:
        reader.run([Word(word) for word in words], scope.copy(), around.inner())
    if not is_all:
        reader.doubt("what the code that Python is given runs can't be known")
    return None


_AWK_RUNS = re.compile(r"system|\||getline|@|\bprintf?\b[^;}]*>|-f|extension")


def _awk(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    left = list(words[1:])
    while left and left[0].starts().startswith("-") and left[0].text != "--":
        text = left.pop(0).starts()
        if text in ("-F", "-v") and left:
            left.pop(0)
        elif text[:2] in ("-f", "-e", "-l", "-i", "-E") or (text.startswith("--") and text != "--posix"):
            reader.doubt(f"what the program of `{words[0].base}` runs can't be known")
            return None
    left = left[1:] if left and left[0].text == "--" else left
    program = left[0].text if left else ""
    if program is None or _AWK_RUNS.search(program):
        reader.doubt(f"what the program of `{words[0].base}` runs can't be known")
    return None


def _sed(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    programs: list[str | None] = []
    left = list(words[1:])
    operands: list[Word] = []
    while left:
        word = left.pop(0)
        text = word.starts()
        if text in ("-e", "--expression") and left:
            programs.append(left.pop(0).text)
        elif text.startswith("--expression=") or (text.startswith("-e") and len(text) > 2):
            programs.append(None if word.text is None else text.partition("=")[2] or text[2:])
        elif text.startswith(("-f", "--file")):
            programs.append(None)
        elif not text.startswith("-") or text == "-":
            operands.append(word)
    if not programs and operands:
        programs.append(operands[0].text)
    for program in programs:
        if program is None:
            tame = operands and operands[0].text is None and re.fullmatch(r"s[/|#,].*", operands[0].prefix, re.S)
            if not (tame and _is_tame_tail(operands[0])):
                reader.doubt("what the program of `sed` runs can't be known")
        elif _sed_runs(program):
            reader.doubt("the program of `sed` runs or writes what can't be known")
    return output_of("sed", words[1:], scope, around.stdin.text if around.stdin else None)


def _is_tame_tail(word: Word) -> bool:
    return word.is_tame and bool(re.fullmatch(r"[/|#,][gIp0-9]*", word.suffix[-3:].lstrip() or "/"))


def _sed_runs(program: str) -> bool:
    """Whether a program has, or may have, a command that runs or writes."""
    address = r"(?:\d+|\$|/(?:[^/\\\n]|\\.)*/I?|\d+~\d+)"
    where = rf"(?:{address}(?:,(?:{address}|\+\d+|~\d+))?\s*!?\s*)?"
    body = (
        r"(?:s(?P<d>[^\w\s\\])(?:(?!(?P=d))[^\\]|\\.)*(?P=d)(?:(?!(?P=d))[^\\]|\\.)*(?P=d)[gIip0-9mM]*"
        r"|[dDpPnNhHgGxlqQ=]\d*|[aic]\\?[^\n]*)"
    )
    piece = re.compile(rf"[\s;]*(?:{where}(?:{body}|\{{)\s*(?:[;}}\s]+|$)|$)", re.S)
    at = 0
    while at < len(program):
        match = piece.match(program, at)
        if match is None or match.end() == at:
            return True
        at = match.end()
    return False


CODE: dict[str, _Launcher] = {
    **dict.fromkeys(_LANGUAGES, _interpreter),
    **dict.fromkeys(
        ("python", "python2", "python3", *(f"python3.{n}" for n in range(6, 16)), "pypy", "pypy3"), _python
    ),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), _awk),
    **dict.fromkeys(("sed", "gsed"), _sed),
}
"""Interpreter -> what reads its words."""
