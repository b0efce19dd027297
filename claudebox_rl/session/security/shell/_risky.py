"""Programs whose options or texts can run a command, and the table of all interpreters."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._code import CODE
from claudebox_rl.session.security.shell._outputs import output_of
from claudebox_rl.session.security.shell.reading import Word

if TYPE_CHECKING:
    from claudebox_rl.session.security.shell._around import Around
    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope

_Launcher = Callable[["Reader", "list[Word]", "Scope", "Around"], "str | None"]


def _option(pattern: str, what: str) -> _Launcher:
    found = re.compile(pattern, re.S)

    def look(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
        name = words[0].base or ""
        for word in words[1:]:
            if found.match(word.starts()):
                reader.doubt(f"{what} of `{name}` can run a command that can't be known")
                break
            if word.text is None and word.is_many and word.pattern is None and not word.starts() and not around.via:
                break
        if name in ("make", "gmake"):
            _make(reader, words, scope, around)
        for word in words[1:]:
            if name in _MAKES_FILES and word.text and not word.text.startswith("-"):
                scope.write(word, None)
        stdin = around.stdin.text if around.stdin else ""
        return output_of(name, words[1:], scope, stdin)

    return look


_MAKES_FILES = frozenset({"tar", "rsync", "unzip", "curl", "wget"})


def _make(reader: Reader, words: list[Word], scope: Scope, around: Around) -> None:
    texts = [word.text for word in words[1:]]
    for name in ("Makefile", "makefile", "GNUmakefile", *(t for t in texts if t and not t.startswith("-"))):
        if scope.written(Word(name)):
            reader.doubt("the makefile is written by the same call, and what it runs can't be known")
            return
    if (
        any(word.is_feed for word in words)
        or any(
            a is None or (a in ("-f", "--file", "--makefile") and b in ("-", "/dev/stdin"))
            for a, b in zip(texts, [*texts[1:], ""], strict=False)
        )
        or any(t in ("-f-", "--file=-", "-f/dev/stdin", "--makefile=-") for t in texts)
    ):
        reader.doubt("what the makefile runs can't be known")


def _always(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    reader.doubt(f"what `{words[0].base}` runs can't be known")
    return None


def _editor(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    name = words[0].base or ""
    is_told = any(
        word.starts()[:2] in ("-c", "-S", "-s", "-e", "-E", "-u", "--", "-f", "-l") or word.starts()[:1] == "+"
        for word in words[1:]
    )
    if is_told or around.stdin is not None:
        reader.doubt(f"what `{name}` is told to do can run a command that can't be known")
    return None


def _container(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    if any(word.text in ("run", "exec", "create", "start", "compose", "debug") or word.is_many for word in words[1:]):
        reader.doubt(f"what `{words[0].base}` runs in a container can't be known")
    return None


INTERPRETERS: dict[str, _Launcher] = {
    **CODE,
    **dict.fromkeys(("vim", "vi", "view", "nvim", "ex", "emacs", "ed", "gdb", "lldb", "nano"), _editor),
    **dict.fromkeys(("docker", "podman", "nerdctl", "kubectl"), _container),
    **dict.fromkeys(
        ("bwrap", "firejail", "proot", "systemd-run", "start-stop-daemon", "dtach", "tmux", "screen", "entr", "perf"),
        _always,
    ),
    "tar": _option(r"--(to-c|checkpoint-a|use-c|rsh-c|info-s|new-volume-s)|-I|-F|--use=", "an option"),
    "rsync": _option(r"-[a-zA-Z]*e|--rsh|--rsync-path", "an option"),
    "zip": _option(r"-T|-[a-zA-Z]*TT|--unzip-command", "an option"),
    "sort": _option(r"--compress-p", "an option"),
    "split": _option(r"--filter", "an option"),
    "rg": _option(r"--pre\b|--hostname-bin|-z|--search-zip", "an option"),
    "man": _option(r"-P|--pager|-H|--html", "an option"),
    "gcc": _option(r"-wrapper|-B|-fplugin|-specs", "an option"),
    "cc": _option(r"-wrapper|-B|-fplugin|-specs", "an option"),
    "g++": _option(r"-wrapper|-B|-fplugin|-specs", "an option"),
    "nc": _option(r"-[a-zA-Z]*[ec]|--exec|--sh-exec", "an option"),
    "ncat": _option(r"-[a-zA-Z]*[ec]|--exec|--sh-exec|--lua-exec", "an option"),
    "socat": _option(r"(?i)(exec|system|shell):|-", "an address"),
    "sqlite3": _option(r"(?s).*\.(shell|system|import|load|once|output|open)|-init|-cmd", "a text"),
    "psql": _option(r"(?s).*\\!|.*program|-f|--file", "a text"),
    "mysql": _option(r"(?s).*(\\!|system|--pager)", "a text"),
    "make": _option(r"--eval|-E|SHELL=|\.SHELLFLAGS=|MAKEFLAGS=|[A-Z_]+=.*(\$\(|`|;|\|)", "a setting"),
    "gmake": _option(r"--eval|-E|SHELL=|MAKEFLAGS=", "a setting"),
    "npm": _option(r"explore$|exec$|x$|--script-shell|--node-options|set-script$|init$", "a sub-command"),
    "yarn": _option(r"dlx$|exec$", "a sub-command"),
    "pnpm": _option(r"dlx$|exec$", "a sub-command"),
    "curl": _option(r"-K|--config|--libcurl", "an option"),
    "wget": _option(r"--use-askpass", "an option"),
    "less": _option(r"\+", "an option"),
    "7z": _option(r"$^", "an option"),
    "unzip": _option(r"$^", "an option"),
    "cargo": _option(r"--config", "an option"),
    "go": _option(r"-exec|-toolexec|-ldflags=.*-extld|vet$-vettool", "an option"),
    "pip": _option(r"--build-option|--config-settings", "an option"),
    "openssl": _option(r"engine|-engine|-provider", "an option"),
}
