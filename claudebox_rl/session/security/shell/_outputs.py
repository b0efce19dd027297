"""What commands print, where that follows from their words and input alone."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell._words import unescape_ansi

if TYPE_CHECKING:
    from claudebox_rl.session.security.shell._scope import Scope
    from claudebox_rl.session.security.shell.reading import Word

_CAP = 200_000
_SILENT = frozenset({"true", "false", ":", "mkdir", "chmod", "touch", "sleep", "cp", "mv", "ln", "test", "["})


def output_of(name: str, words: list[Word], scope: Scope, stdin: str | None) -> str | None:
    """Return what a command prints on its standard output, or None."""
    if name in _SILENT:
        return ""
    if name == "cat" and words and all(w.text is not None or w.is_feed for w in words):
        parts = [_file(word, scope, stdin) for word in words]
        return None if None in parts else "".join(p or "" for p in parts)
    texts = [word.text for word in words]
    known = [text for text in texts if text is not None]
    printer = _PRINTERS.get(name)
    if printer is None or len(known) != len(texts):
        return None
    out = printer(known, stdin)
    return out if out is None or len(out) <= _CAP else None


def _file(word: Word, scope: Scope, stdin: str | None) -> str | None:
    if word.is_feed:
        return word.feed
    if word.text in ("-", "/dev/stdin"):
        return stdin
    return scope.content(word)


def _echo(words: list[str], stdin: str | None) -> str | None:
    is_escaped, end = False, "\n"
    while words and re.fullmatch(r"-[neE]+", words[0]):
        for letter in words[0][1:]:
            is_escaped = {"e": True, "E": False}.get(letter, is_escaped)
            end = "" if letter == "n" else end
        words = words[1:]
    text: str | None = " ".join(words)
    if is_escaped:
        if "\\c" in (text or ""):
            return None
        text = unescape_ansi(re.sub(r"\\0([0-7]{0,3})", r"\\\1", text or ""))
    elif "\\" in text:
        return None  # `sh` and Bash's xpg_echo read escapes where Bash does not
    return None if text is None else text + end


def _printf(words: list[str], stdin: str | None) -> str | None:
    if words[:1] == ["--"]:
        words = words[1:]
    if not words or words[0].startswith("-"):
        return None
    form = unescape_ansi(words[0].replace("\\%", "\\x25"))
    if form is None or "\\c" in words[0]:
        return None
    rest, out = list(words[1:]), ""
    while True:
        before = len(rest)
        for part in re.split(r"(%[^a-zA-Z%]*[a-zA-Z%])", form):
            if part == "%%":
                out += "%"
            elif part in ("%s", "%d", "%i", "%b", "%c"):
                value = rest.pop(0) if rest else ""
                text = unescape_ansi(value) if part == "%b" else value[:1] if part == "%c" else value
                if text is None or (part in ("%d", "%i") and not re.fullmatch(r"-?[1-9]\d*|0", text)):
                    return None
                out += text
            elif part.startswith("%"):
                return None
            else:
                out += part
        if not rest or len(rest) == before or len(out) > _CAP:
            return out


def _base64(words: list[str], stdin: str | None) -> str | None:
    options = {word for word in words if word.startswith("-")}
    if stdin is None or len(options) != len(words):
        return None
    try:
        if not options:
            return base64.encodebytes(stdin.encode()).decode()
        if options <= {"-d", "--decode", "-D", "-di", "-id", "-i"}:
            return base64.b64decode(stdin.encode(), validate=False).decode()
    except (ValueError, binascii.Error):
        pass
    return None


def _unhex(words: list[str], stdin: str | None) -> str | None:
    if stdin is None or set("".join(words)) != set("-rp"):
        return None
    try:
        return bytes.fromhex(stdin).decode()
    except ValueError:
        return None


def _rev(words: list[str], stdin: str | None) -> str | None:
    if words or stdin is None:
        return None
    lines = stdin.split("\n")
    return "\n".join(line[::-1] for line in lines)


def _span(text: str) -> str | None:
    if "[" in text or "\\" in text:
        return None
    return re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), text)


def _tr(words: list[str], stdin: str | None) -> str | None:
    if stdin is None or not words:
        return None
    if words[0] == "-d" and len(words) == 2:
        gone = _span(words[1])
        return None if gone is None else stdin.translate(dict.fromkeys(map(ord, gone)))
    if len(words) != 2 or words[0].startswith("-"):
        return None
    old, new = _span(words[0]), _span(words[1])
    if not old or not new:
        return None
    return stdin.translate(dict(zip(map(ord, old), new + new[-1] * len(old), strict=False)))


def _cat(words: list[str], stdin: str | None) -> str | None:
    return stdin if not words else None


def _which(words: list[str], stdin: str | None) -> str | None:
    names = [word for word in words if not word.startswith("-")]
    if len(names) == 1 and "/" not in names[0]:
        return f"/usr/bin/{names[0]}\n"
    return None


def _sed(words: list[str], stdin: str | None) -> str | None:
    found = re.fullmatch(r"s([/,|#])([\w ]+)\1([\w ]*)\1(g?)", words[0]) if len(words) == 1 else None
    if found is None or stdin is None:
        return None
    return "\n".join(line.replace(found[2], found[3], -1 if found[4] else 1) for line in stdin.split("\n"))


def _cut(words: list[str], stdin: str | None) -> str | None:
    found = re.fullmatch(r"-c ?([1-9]\d{0,3})-", " ".join(words))
    if found is None or stdin is None or not stdin.isascii():
        return None
    return "\n".join(line[int(found[1]) - 1 :] for line in stdin.split("\n"))


def _head(words: list[str], stdin: str | None) -> str | None:
    found = re.fullmatch(r"-c ?(\d{1,6})", " ".join(words))
    return None if found is None or stdin is None or not stdin.isascii() else stdin[: int(found[1])]


_PRINTERS: dict[str, Callable[[list[str], str | None], str | None]] = {
    "echo": _echo,
    "printf": _printf,
    "base64": _base64,
    "xxd": _unhex,
    "rev": _rev,
    "sed": _sed,
    "cut": _cut,
    "head": _head,
    "tr": _tr,
    "cat": _cat,
    "tee": lambda words, stdin: stdin,
    "which": _which,
}
