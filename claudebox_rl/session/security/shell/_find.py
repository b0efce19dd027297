"""`find`, `xargs` and what else runs a command for each name."""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._lists import names
from claudebox_rl.session.security.shell._options import Options, take_apart
from claudebox_rl.session.security.shell.reading import Command, Word

if TYPE_CHECKING:
    from claudebox_rl.session.security.shell._around import Around
    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope

_EXEC = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_WRITES = frozenset({"-fprint", "-fprint0", "-fprintf", "-fls"})


def names_below(command: Command) -> tuple[Word, ...]:
    """Return patterns for the names that a command prints, or none where they could be any."""
    argv = command.argv
    if command.name == "find":
        starts: list[Word] = []
        for word in command.words[1:]:
            if word.starts()[:1] in ("-", "(", "!"):
                break
            starts.append(word)
        roots = starts or [Word(".")]
        return tuple(_below(root) for root in roots)
    is_list = argv[:2] in (("git", "ls-files"), ("git", "diff")) or command.name in ("ls", "rg", "fd")
    is_below = all(a is not None and not a.startswith(("/", "..", "~")) for a in argv[1:])
    if is_list and is_below:
        return (Word(None, pattern="*", is_many=True),)
    if command.name == "grep" and is_below and any(a and a.startswith("-") and set(a) & set("lL") for a in argv[1:]):
        return (Word(None, pattern="*", is_many=True),)
    return ()


def _below(root: Word) -> Word:
    start = root.starts()
    pattern = posixpath.join(start, "*") if start and root.text is not None else root.pattern
    return Word(None, prefix=start and start.rstrip("/") + "/", pattern=pattern, is_many=True)


def _find(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    starts: list[Word] = []
    left = list(words[1:])
    while left and left[0].starts()[:1] not in ("-", "(", "!"):
        if left[0].text is None and not left[0].starts():
            reader.doubt("where `find` starts, or what it runs, can't be known")
        starts.append(left.pop(0))
    found = (
        _below(starts[0]) if len(starts) == 1 else Word(None, pattern="./*", prefix="./") if not starts else Word(None)
    )
    while left:
        word = left.pop(0)
        if word.text is None and (word.is_many or not word.starts()):
            reader.doubt("what `find` runs can't be known")
        if word.text in _EXEC:
            end = next((i for i, w in enumerate(left) if w.text in (";", "+")), len(left))
            inner = [_filled(w, found) for w in left[:end]]
            forked = replace(scope.copy(), certain=set(), aliases={})
            if "dir" in (word.text or ""):
                forked.folders = frozenset()
            if inner:
                reader.run(inner, forked, around)
            left = left[end + 1 :]
        elif word.text == "-delete":
            removed = (Word("rm"), Word("-rf"), *(starts or [Word(".")]))
            reader.notes.commands.append(Command(removed, around.via, folders=tuple(sorted(scope.folders))))
        elif word.text in _WRITES and left:
            target = left.pop(0)
            scope.write(target, None)
            reader.notes.commands.append(
                Command((Word(":"),), around.via, writes=(target,), folders=tuple(sorted(scope.folders)))
            )
        elif word.text and word.text.startswith("-") and left and _takes_value(word.text):
            left.pop(0)
    return None


def _takes_value(option: str) -> bool:
    return option in _VALUED


_VALUED = names(
    "-name -iname -path -ipath -wholename -regex -iregex -type -xtype -size -mtime -mmin -atime -amin -ctime "
    "-cmin -newer -maxdepth -mindepth -perm -user -group -printf -links -inum -samefile -uid -gid -lname "
    "-regextype -anewer"
)


def _filled(word: Word, found: Word) -> Word:
    if word.text is None or "{}" not in word.text:
        return word
    if word.text == "{}":
        return replace(found, is_many=True)
    return Word(None, prefix=word.text.partition("{}")[0], suffix=word.text.rpartition("{}")[2])


_XARGS = Options(
    "IndPLsEa",
    names("--replace --max-args --max-procs --max-lines --max-chars --delimiter --arg-file --eof"),
)


def _xargs(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    parsed = take_apart(words[1:], _XARGS)
    if not parsed.is_known:
        reader.doubt("which command `xargs` runs can't be known")
    forked = replace(scope.copy(), certain=set(), aliases={})
    command = parsed.rest or [Word("echo")]
    inner = replace(around, stdin=None)
    is_list = parsed.has("a", "d", "--arg-file", "--delimiter")
    given = (
        None
        if is_list
        else _given(around, is_zero=parsed.has("0", "--null"), is_lines=parsed.has("I", "--replace", "i"))
    )
    mark = parsed.value("I", "--replace")
    marker = mark.text if mark is not None else "{}" if parsed.has("i", "--replace") else None
    if marker:
        for one in given if given is not None else [None]:
            reader.run([_with(w, marker, one, around) for w in command], forked, inner)
        return None
    if given is not None:
        size = _number(parsed.value("n", "--max-args")) or _number(parsed.value("L", "--max-lines")) or len(given) or 1
        for at in range(0, max(len(given), 1), size):
            reader.run([*command, *map(Word, given[at : at + size])], forked, inner)
        return None
    below = around.stdin.names if around.stdin else ()
    reader.run([*command, *(below or (Word(None, is_many=True),))], forked, inner)
    return None


def _number(word: Word | None) -> int:
    return int(word.text) if word is not None and word.text and word.text.isdigit() else 0


def _given(around: Around, *, is_zero: bool, is_lines: bool) -> list[str] | None:
    text = around.stdin.text if around.stdin else ""
    if text is None:
        return None
    if is_zero:
        return [part for part in text.split("\0") if part]
    if "\0" in text or (is_lines and any(char in text for char in "\\'\"")):
        return None
    if is_lines:
        return [line.strip() for line in text.split("\n") if line.strip()]
    try:
        return shlex.split(text)
    except ValueError:
        return None


def _with(word: Word, marker: str, value: str | None, around: Around) -> Word:
    if word.text is None or marker not in word.text:
        return word
    if value is not None:
        return Word(word.text.replace(marker, value))
    below = around.stdin.names if around.stdin else ()
    if word.text == marker and len(below) == 1:
        return replace(below[0], is_many=False)
    start, _, end = word.text.partition(marker)
    return Word(None, prefix=start, suffix=end)


def _fd(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    at = next((i for i, w in enumerate(words) if w.text in ("-x", "-X", "--exec", "--exec-batch")), None)
    if any(word.is_many for word in words):
        reader.doubt("what `fd` runs can't be known")
    if at is not None and words[at + 1 :]:
        reader.run([_filled(w, Word(None)) for w in words[at + 1 :]], scope.copy(), around)
    return None


FINDERS = {"find": _find, "xargs": _xargs, "fd": _fd, "fdfind": _fd}
