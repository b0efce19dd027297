"""Patterns of commands: `rm`, `rm -rf`, `rm -rf /`, `chmod 777`, `git push`, `dd if=/dev/zero`, `*`."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache

from claudebox_rl.session.security.shell._lists import names
from claudebox_rl.session.security.shell.reading import Command, Word

_LONG = {
    "rm": {"recursive": "r", "force": "f", "dir": "d", "verbose": "v", "interactive": "i"},
    "cp": {"recursive": "r", "force": "f", "archive": "a", "verbose": "v"},
    "chmod": {"recursive": "R", "verbose": "v", "silent": "f", "quiet": "f"},
    "chown": {"recursive": "R", "verbose": "v", "silent": "f"},
    "git": {"force": "f", "delete": "d", "all": "a", "tags": "t"},
    "ls": {"all": "a", "recursive": "R"},
    "kill": {"signal": "s"},
}
_SAME = {"rm": {"R": "r"}, "cp": {"R": "r"}}
_FAMILIES = {"mkfs": ("mkfs.*", "mke2fs", "mkdosfs")}
"""Programs that are another's own kinds, which it runs itself."""
_COULD_BE_OPTION = "-rf"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, taken apart.

    Attributes:
        source: The pattern as written.
        name: The program; "*" is any.
        letters: Options by their letters, all of which must be given.
        longs: Long options that have no letter here.
        operands: Words that must stand among the operands, in this order.
    """

    source: str
    name: str
    letters: frozenset[str] = frozenset()
    longs: frozenset[str] = frozenset()
    operands: tuple[str, ...] = ()

    @property
    def programs(self) -> tuple[str, ...]:
        """Names, or patterns of names, of the programs that are meant."""
        return (self.name, *_FAMILIES.get(self.name, ()))


@lru_cache(maxsize=512)
def compile_pattern(source: str) -> Pattern:
    """Take a pattern apart."""
    words = source.split()
    if not words:
        return Pattern(source, "")
    name = posixpath.basename(words[0]) or words[0]
    letters: set[str] = set()
    longs: set[str] = set()
    operands: list[str] = []
    for word in words[1:]:
        if re.fullmatch(r"--\w[\w-]*", word):
            letter = _letter(name, word)
            letters.add(letter) if letter else longs.add(word)
        elif re.fullmatch(r"-[A-Za-z0-9]+", word):
            letters |= {_SAME.get(name, {}).get(letter, letter) for letter in word[1:]}
        else:
            operands.append(word)
    return Pattern(source, name, frozenset(letters), frozenset(longs), tuple(operands))


def _letter(name: str, word: str) -> str | None:
    long = word[2:].partition("=")[0]
    found = [letter for full, letter in _LONG.get(name, {}).items() if long and full.startswith(long)]
    return found[0] if found else None


def match(command: Command, pattern: Pattern) -> bool | None:
    """Return whether a command is what a pattern names; None where that can't be known."""
    if pattern.name == "*":
        return True
    name = command.name
    if name is None:
        return None
    if not any(name == one or fnmatch.fnmatchcase(name, one) for one in pattern.programs):
        return False
    if not (pattern.letters or pattern.longs or pattern.operands):
        return True
    letters, longs, operands, is_open = _apart(command)
    has_options = pattern.letters <= letters and all(any(w.startswith(p) for w in longs) for p in pattern.longs)
    if not has_options and not is_open:
        return False
    sure, maybe = _has_operands(command, operands, pattern)
    if has_options and sure:
        return True
    return None if (sure or maybe) else False


_GLOBAL = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--prefix", "--context", "-n", "--cwd"})


def _own_words(command: Command) -> list[Word]:
    """Return a command's words after its name, without options that stand before a sub-command."""
    words = list(command.words[1:])
    if command.name in _SUB_COMMANDS:
        while words and words[0].starts().startswith("-"):
            words = words[2:] if words[0].text in _GLOBAL else words[1:]
    return words


def _apart(command: Command) -> tuple[set[str], set[str], list[Word], bool]:
    name = command.name or ""
    letters: set[str] = set()
    longs: set[str] = set()
    operands: list[Word] = []
    is_open = is_ended = False
    for word in _own_words(command):
        text = word.text
        if text is None:
            is_open |= not is_ended and could_be_option(word)
            operands.append(word)
        elif is_ended or not text.startswith("-") or text == "-":
            operands.append(word)
        elif text == "--":
            is_ended = True
        elif text.startswith("--"):
            letter = _letter(name, text)
            letters.add(letter) if letter else longs.add(text)
        else:
            letters |= {_SAME.get(name, {}).get(letter, letter) for letter in text[1:]}
            if name in ("chmod", "kill"):
                operands.append(word)
    return letters, longs, operands, is_open


def could_be_option(word: Word) -> bool:
    """Whether a word that can't be known may be an option."""
    if word.is_tame or word.is_feed:
        return False
    if word.pattern is not None:
        return word.pattern[:1] in ("*", "?", "[", "-") and fnmatch.fnmatchcase(_COULD_BE_OPTION, word.pattern)
    return word.is_many or word.starts()[:1] in ("", "-")


def _has_operands(command: Command, operands: list[Word], pattern: Pattern) -> tuple[bool, bool]:
    """Return whether the pattern's operands are there, and whether they may be."""
    left = list(operands)
    for at, wanted in enumerate(pattern.operands):
        is_sub = at == 0 and command.name in _SUB_COMMANDS and wanted.isalnum()
        found = [i for i, w in enumerate(left[:1] if is_sub else left) if _is_operand(command, w, wanted) is True]
        if found:
            left = left[found[0] + 1 :]
            continue
        return False, any(_is_operand(command, w, wanted) is None for w in (left[:1] if is_sub else left))
    return True, True


_SUB_COMMANDS = names("git npm pip pip3 docker kubectl cargo go apt apt-get yarn pnpm systemctl brew gh uv")


def _is_operand(command: Command, word: Word, wanted: str) -> bool | None:
    if word.text is None:
        if word.is_tame and not wanted.isdigit():
            return False
        if word.pattern is not None and wanted.startswith("/"):
            return _whole(command, word.pattern, wanted)
        start = word.starts()
        return None if start.startswith(wanted) or wanted.startswith(start) else False
    text = word.text
    if command.name == "chmod" and wanted.isdigit():
        return _mode(text) == int(wanted, 8) & 0o777 if re.fullmatch("[0-7]+", wanted) else text == wanted
    if "=" in wanted or "*" in wanted:
        return any(one.startswith(wanted) or fnmatch.fnmatchcase(one, wanted) for one in _spelled(command, text))
    if wanted.startswith(("/", "~")) or wanted in (".", ".."):
        return _same_path(command, text, wanted)
    return text == wanted


def _spelled(command: Command, text: str) -> list[str]:
    """Return an operand, and with the path after its `=` made absolute."""
    key, equals, value = text.partition("=")
    if not equals:
        return [text]
    return [text, *(f"{key}={posixpath.normpath('/' + posixpath.join(f, value).lstrip('/'))}" for f in command.folders)]


def _whole(command: Command, pattern: str, wanted: str) -> bool | None:
    folder, _, last = pattern.rpartition("/")
    if re.search(r"[*?\[]", folder):
        return None if wanted == "/" else fnmatch.fnmatchcase(wanted, pattern) or None
    if set(last) <= set("*?.[]") and _same_path(command, folder or ("/" if pattern.startswith("/") else "."), wanted):
        return True
    return bool(fnmatch.fnmatchcase(wanted, pattern))


def _same_path(command: Command, text: str, wanted: str) -> bool | None:
    wanted = posixpath.normpath(wanted)
    if text.startswith(("/", "~")):
        return posixpath.normpath("/" + text.lstrip("/") if text.startswith("/") else text) == wanted
    if not command.folders:
        return None
    places = {posixpath.normpath(posixpath.join(folder, text)) for folder in command.folders}
    if wanted in places:
        return True
    return (
        None if any(place.startswith("..") and set(place) <= set("./") for place in places) and wanted == "/" else False
    )


def _mode(text: str) -> int | None:
    """Return the permission bits that a mode surely gives, of 0o777."""
    if re.fullmatch("[0-7]{1,5}", text.lstrip("=+")):
        return int(text.lstrip("=+"), 8) & 0o777
    mode = 0
    for clause in text.split(","):
        found = re.fullmatch(r"([ugoa]*)((?:[-+=][rwxXstugo]*)+)", clause)
        if not found:
            return None
        who = sum({"u": 0o700, "g": 0o070, "o": 0o007}[c] for c in set(found[1].replace("a", "ugo") or "ugo"))
        for operator, bits in re.findall(r"([-+=])([rwxXstugo]*)", found[2]):
            each = (4 if "r" in bits else 0) | (2 if "w" in bits else 0) | (1 if set("xX") & set(bits) else 0)
            value = each * 0o111 & who
            mode = mode & ~value if operator == "-" else (mode & ~who if operator == "=" else mode) | value
    return mode
