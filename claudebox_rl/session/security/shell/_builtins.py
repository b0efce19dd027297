"""The shell's own commands that run others, or change what names mean."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell import _shells
from claudebox_rl.session.security.shell._options import Options, take_apart
from claudebox_rl.session.security.shell._outputs import output_of
from claudebox_rl.session.security.shell.reading import UNKNOWN, Word

if TYPE_CHECKING:
    from claudebox_rl.session.security.shell._around import Around
    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope


def assign(reader: Reader, name: str, value: Word, scope: Scope, around: Around) -> None:
    """Note an assignment, and what it does to the meaning of commands."""
    from claudebox_rl.session.security.shell import _variables

    _variables.assign(reader, name, value, scope, around)


def _eval(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    rest = words[2:] if len(words) > 1 and words[1].text == "--" else words[1:]
    if any(word.text is None for word in rest):
        reader.doubt("what `eval` runs can't be known")
        return None
    return reader.script(" ".join(word.text or "" for word in rest), scope, around)


def _source(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    rest = words[2:] if len(words) > 1 and words[1].text == "--" else words[1:]
    if not rest:
        return ""
    before, scope.args = scope.args, tuple(rest[1:]) or scope.args
    out = _shells.script_file(reader, rest[0], "source", scope, around)
    scope.args = before
    return out


def _command(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    rest = words[1:]
    while rest and rest[0].text is not None and re.fullmatch(r"-[pvV]+|--", rest[0].text):
        if set("vV") & set(rest[0].text):
            return output_of("which", rest[1:], scope, None)
        rest = rest[1:]
    return reader.run(rest, replace(scope, certain=set(), aliases={}), around) if rest else ""


def _builtin(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    rest = [word for word in words[1:2] if word.text != "--"] + words[2:]
    inner = replace(scope, certain=set(), aliases={})
    out = reader.run(rest, inner, around) if rest else ""
    scope.folders, scope.args = inner.folders, inner.args
    scope.is_split_changed |= inner.is_split_changed
    return out


def _exec(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    parsed = take_apart(words[1:], Options("a"))
    if not parsed.is_known:
        reader.doubt("which command `exec` runs can't be known")
    if parsed.rest:
        return reader.run(parsed.rest, replace(scope.copy(), certain=set(), aliases={}), around)
    if around.reads or around.stdin is not None:
        reader.doubt("`exec` changes what later commands read")
    return ""


def _trap(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    rest = [word for word in words[1:] if word.text not in ("--", "-l", "-p")]
    if rest and rest[0].text not in ("", "-"):
        later = scope.copy()
        _shells.text(reader, rest[0], "trap", later, around.inner())
        # It may run at any time from here on.
        for name, value in later.variables.items():
            if scope.variables.get(name) != value:
                scope.fix(name)
                scope.assign(name, UNKNOWN)
    return ""


def _alias(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    for word in words[1:]:
        if word.text is None:
            reader.doubt("what an alias means can't be known")
            continue
        name, equals, value = word.text.partition("=")
        if not equals:
            continue
        if not re.fullmatch(r"[\w.-]+", name) or value[-1:] in " \t" or name in ("if", "for", "while", "case", "do"):
            reader.doubt("an alias that changes how later words are read")
        reader.script(value, replace(scope.copy(), aliases={}), around.inner())
        scope.aliases[name] = value
    return ""


def _cd(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    rest = [word for word in words[1:] if word.text not in ("-L", "-P", "-e", "-@", "--")]
    scope.folders = frozenset() if words[0].base == "popd" else scope.enter(rest[0] if rest else None)
    return ""


def _set(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    rest = words[1:]
    while rest and rest[0].starts()[:1] in ("-", "+") and rest[0].text != "--":
        option = rest.pop(0).text or ""
        if option[-1:] == "o" and rest:
            rest.pop(0)
    if rest and rest[0].text == "--":
        rest = rest[1:]
        scope.args = None if any(word.is_many for word in rest) else tuple(rest)
    elif rest:
        scope.args = None if any(word.is_many for word in rest) else tuple(rest)
    return ""


def _shift(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    count = words[1].text if len(words) > 1 else "1"
    is_known = scope.args is not None and count is not None and count.isdigit()
    scope.args = scope.args[int(count) :] if is_known and scope.args is not None and count else None
    return ""


def _read(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    for word in words[1:]:
        if word.text is None:
            reader.doubt(f"what `{words[0].base}` sets can't be known")
        else:
            name = word.text.lstrip("-")
            assign(reader, re.split(r"\W", name)[0], UNKNOWN, scope, around)
            if word.text.startswith("-") and len(name) > 1:
                assign(reader, name[1:], UNKNOWN, scope, around)
    for name in ("REPLY", "MAPFILE", "OPTARG"):
        scope.assign(name, UNKNOWN)
    return ""


def _printf(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    if len(words) > 2 and words[1].starts().startswith("-v"):
        attached = words[1].text == "-v"
        target = words[2].text if attached else (words[1].text or "")[2:]
        out = output_of("printf", words[3:] if attached else words[2:], scope, None)
        if not target:
            reader.doubt("what `printf -v` sets can't be known")
        else:
            assign(reader, target.partition("[")[0], UNKNOWN if out is None else Word(out), scope, around)
        return ""
    return output_of("printf", words[1:], scope, None)


def _declare(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    for word in words[1:]:
        name, equals, value = (word.text or word.prefix).partition("=")
        if equals:
            is_plain = word.text is not None and words[0].base in ("export", "local")
            assign(reader, name, Word(value) if is_plain else UNKNOWN, scope, around)
            if not is_plain:
                scope.fix(name)
        elif word.text is None:
            reader.doubt(f"what `{words[0].base}` sets can't be known")
    return ""


def _unset(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    for word in words[1:]:
        if word.text is None:
            scope.certain.clear()
        else:
            scope.certain.discard(word.text)
            scope.variables.pop(word.text, None)
    return ""


def _let(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    for word in words[1:]:
        for name in re.findall(r"[A-Za-z_]\w*", word.text or ""):
            assign(reader, name, UNKNOWN, scope, around)
        if word.text is None or "[" in word.text:
            reader.doubt("what `let` computes can't be known")
    return ""


def _changes_names(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    name = words[0].base
    if any(word.text is None or word.text[:1] == "-" for word in words[1:]):
        reader.doubt(f"`{name}` can change what names mean, or run what can't be known")
    return ""


BUILTINS = {
    "eval": _eval,
    "source": _source,
    ".": _source,
    "command": _command,
    "builtin": _builtin,
    "exec": _exec,
    "trap": _trap,
    "alias": _alias,
    **dict.fromkeys(("cd", "pushd", "popd", "chdir"), _cd),
    "set": _set,
    "shift": _shift,
    **dict.fromkeys(("read", "mapfile", "readarray", "getopts"), _read),
    "printf": _printf,
    **dict.fromkeys(("declare", "typeset", "export", "local", "readonly"), _declare),
    "unset": _unset,
    "let": _let,
    **dict.fromkeys(("hash", "enable", "bind", "complete", "compgen", "fc", "history"), _changes_names),
}
