"""Shells, and what takes a text and hands it to one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._around import Input
from claudebox_rl.session.security.shell._options import Options, take_apart
from claudebox_rl.session.security.shell.reading import Word

if TYPE_CHECKING:
    from claudebox_rl.session.security.shell._around import Around
    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope

UNKNOWN_INPUT = Input(None)
_STDIN = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})


def text(reader: Reader, word: Word | None, name: str, scope: Scope, around: Around) -> str | None:
    """Read a word that is a script."""
    if word is None or word.text is None:
        reader.doubt(f"the command that `{name}` is given can't be known")
        return None
    return reader.script(word.text, scope, around)


def from_input(reader: Reader, name: str, scope: Scope, around: Around) -> str | None:
    """Read what a shell is fed on its standard input."""
    if around.stdin is None:
        return ""
    if around.stdin.text is None or not around.stdin.is_own:
        reader.doubt(f"what is fed to `{name}` can't be known")
        return None
    return reader.script(around.stdin.text, scope, replace(around, stdin=None))


def script_file(reader: Reader, word: Word, name: str, scope: Scope, around: Around) -> str | None:
    """Read a file that a shell runs; one that was there before is taken for a program like any other."""
    if word.text in _STDIN:
        return from_input(reader, name, scope, around)
    if word.text is not None and word.text.startswith(("/dev/fd/", "/proc/self/fd/", "/dev/tcp/", "/dev/udp/")):
        reader.doubt(f"what `{name}` reads from `{word.text}` can't be known")
        return None
    content = word.feed if word.is_feed else scope.content(word)
    if content is not None:
        return reader.script(content, scope, around.inner())
    if word.is_feed or scope.written(word) or (word.text is None and not word.starts()):
        reader.doubt(f"what is in the file that `{name}` runs can't be known")
    return None


def _shell(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    name = words[0].base or "sh"
    inner = scope.copy()
    left = list(words[1:])
    is_command = is_stdin = False
    while left and left[0].starts()[:1] in ("-", "+") and left[0].text != "-":
        word = left.pop(0)
        if word.text is None:
            reader.doubt(f"the options of `{name}` can't be known")
            return None
        if word.text == "--":
            break
        if word.text in ("--rcfile", "--init-file", "-o", "+o", "-O", "+O"):
            value = left.pop(0) if left else Word("")
            if "file" in word.text:
                script_file(reader, value, name, inner, around)
        elif not word.text.startswith("--"):
            is_command |= "c" in word.text and word.text[0] == "-"
            is_stdin |= "s" in word.text
            if re.search("[oO]$", word.text) and left:
                left.pop(0)
    if left and left[0].is_many and not left[0].is_feed:
        reader.doubt(f"what `{name}` runs can't be known")
        return None
    if is_command:
        command = left.pop(0) if left else None
        inner.args = _arguments(left[1:])
        return text(reader, command, name, inner, around)
    if is_stdin or not left:
        inner.args = _arguments(left)
        return from_input(reader, name, inner, around)
    inner.args = _arguments(left[1:])
    return script_file(reader, left[0], name, inner, around)


def _arguments(words: list[Word]) -> tuple[Word, ...] | None:
    return None if any(word.is_many for word in words) else tuple(words)


def _su(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    long = frozenset({"--command", "--shell", "--user", "--group", "--session-command"})
    parsed = take_apart(words[1:], Options("csguTw", long))
    rest = parsed.rest
    if not parsed.is_known:
        reader.doubt("which command `su` runs can't be known")
    while rest:
        again = take_apart(rest[1:], Options("csguTw", long))
        for key, values in again.values.items():
            parsed.values.setdefault(key, []).extend(values)
        rest = again.rest
    command = parsed.value("c", "--command", "--session-command")
    if command is not None:
        return text(reader, command, "su", scope.copy(), around)
    if words[0].base == "runuser" and parsed.has("u", "--user"):
        return reader.run(parsed.rest, scope.copy(), around)
    return from_input(reader, "su", scope.copy(), around)


def _script(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    long = frozenset({"--command", "--log-in", "--log-out", "--log-io", "--log-timing", "--echo", "--output-limit"})
    parsed = take_apart(words[1:], Options("cIOBTEmo", long))
    more = take_apart(parsed.rest[1:], Options("cIOBTEmo", long))
    command = more.value("c", "--command") or parsed.value("c", "--command")
    if command is not None:
        return text(reader, command, "script", scope.copy(), around)
    if not parsed.is_known:
        reader.doubt("which command `script` runs can't be known")
    if more.rest:
        reader.run(more.rest, scope.copy(), around)
    return from_input(reader, "script", scope.copy(), around)


def _watch(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    parsed = take_apart(words[1:], Options("nq", frozenset({"--interval", "--equexit"})))
    if not parsed.is_known or any(word.text is None for word in parsed.rest):
        reader.doubt("which command `watch` runs can't be known")
        return None
    return reader.script(" ".join(word.text or "" for word in parsed.rest), scope.copy(), around)


def _flock(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    parsed = take_apart(
        words[1:], Options("wEc", frozenset({"--timeout", "--wait", "--conflict-exit-code"}), operands=1)
    )
    if not parsed.is_known:
        reader.doubt("which command `flock` runs can't be known")
    command = parsed.value("c", "--command")
    if command is not None:
        return text(reader, command, "flock", scope.copy(), around)
    if parsed.rest and parsed.rest[0].text in ("-c", "--command"):
        return text(reader, parsed.rest[1] if len(parsed.rest) > 1 else None, "flock", scope.copy(), around)
    return reader.run(parsed.rest, scope.copy(), around) if parsed.rest else None


def _ssh(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    parsed = take_apart(words[1:], Options("BbcDEeFIiJLlmOopQRSWw", operands=1))
    reader.doubt(f"what `{words[0].base}` runs elsewhere, or by its options, can't be known")
    if parsed.rest and all(word.text is not None for word in parsed.rest):
        reader.script(" ".join(word.text or "" for word in parsed.rest), scope.copy(), around)
    return None


def _later(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    name = words[0].base or ""
    if {word.text for word in words[1:]} & {"-l", "-r", "-q", "-d"} and around.stdin is None:
        return None
    if around.stdin is None or name == "crontab":
        reader.doubt(f"what `{name}` will run can't be known")
    if around.stdin is not None and around.stdin.text is not None and name == "crontab":
        for line in around.stdin.text.splitlines():
            fields = line.split(None, 5)
            reader.script(fields[-1] if fields else "", scope.copy(), replace(around, stdin=None))
        return None
    return from_input(reader, name, scope.copy(), around)


def _parallel(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    reader.doubt("which commands `parallel` runs can't be known; a `for` loop says them plainly")
    parsed = take_apart(words[1:], Options("jnNLIaSd", frozenset({"--jobs", "--max-args"})))
    rest = [word.text or '"$UNKNOWN"' for word in parsed.rest]
    at = next((i for i, word in enumerate(rest) if word.startswith(":::")), len(rest))
    reader.script(" ".join(rest[:at]), scope.copy(), around)
    for one in rest[at + 1 :]:
        reader.script(" ".join([*rest[:at], one]), scope.copy(), around)
    return None


SHELLS = {
    **dict.fromkeys(
        ("sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "rbash", "fish", "csh", "tcsh", "busybox-sh"), _shell
    ),
    "su": _su,
    "runuser": _su,
    "script": _script,
    "watch": _watch,
    "flock": _flock,
    "ssh": _ssh,
    "at": _later,
    "batch": _later,
    "crontab": _later,
    "parallel": _parallel,
}
