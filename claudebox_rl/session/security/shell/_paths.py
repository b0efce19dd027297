"""Which paths a command names, and whether they may be named."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator

from claudebox_rl.session.security.shell._lists import names
from claudebox_rl.session.security.shell._writers import written_by
from claudebox_rl.session.security.shell.reading import Command, Word
from claudebox_rl.session.security.shell.rules import ShellRules

_FREE = re.compile(r"/dev/(null|zero|full|random|urandom|tty|std(in|out|err)|fd(/\d+)?)$")
_TEXT_ONLY = names(
    "echo printf : true false test [ export declare local typeset readonly set expr seq tr kill alias unalias trap"
)
_FIRST_IS_TEXT = names("grep egrep fgrep rg sed awk gawk mawk jq perl ag")
_TEXT_OPTIONS = names(
    "-m --message -e --regexp --expression -F -d --format -H --header -A --data --grep --author -name -iname -path"
)
_RECURSIVE = names("find fd rg tar zip rsync du tree mv ag")
_HINT = "name the path plainly"


def judge_paths(command: Command, rules: ShellRules) -> str | None:
    """Return why a command may not name the paths that it names, or None."""
    for word in command.reads:
        if reason := _judge(word, command, rules, is_write=False):
            return reason
    for word in command.writes:
        if reason := _judge(word, command, rules, is_write=True):
            return reason
    if command.name in _TEXT_ONLY:
        return None
    writes = written_by(command)
    for word in _named(command):
        if reason := _judge(word, command, rules, is_write=word in writes):
            return reason
    for word in writes:
        for part in _in_option(word, word.starts()) if word.starts().startswith("-") else [word]:
            if reason := _judge(part, command, rules, is_write=True):
                return reason
    return _judge_recursion(command, rules)


def ways_of(command: Command, rules: ShellRules) -> Iterator[tuple[str, bool]]:
    """Give the absolute paths that a command names, as they are written, and whether each is a pattern of paths."""
    named = [] if command.name in _TEXT_ONLY else [*_named(command), *written_by(command)]
    for word in (*command.reads, *command.writes, *named):
        if word.is_tame or word.is_feed:
            continue
        for text in _texts(word):
            for way in _places(text, command, rules) or ():
                if not _FREE.match(_clean(way)):
                    yield way, word.pattern is not None


def _texts(word: Word) -> list[str]:
    """Return what of a word is taken for paths: of one that is known in part, the folder."""
    text = word.text if word.text is not None else word.pattern
    if text is None:
        start = word.starts().removeprefix("file://")
        return [start[: start.rindex("/") + 1]] if "/" in start and "://" not in start else []
    if "://" in text and not text.startswith("file:"):
        return []
    return _parts(text.removeprefix("file://"))


def _named(command: Command) -> list[Word]:
    """Return the words of a command that may be paths."""
    found: list[Word] = []
    first_text = command.name in _FIRST_IS_TEXT
    previous = ""
    head = command.words[0] if command.words else None
    if head is not None and "/" in head.starts():
        found.append(head)
    for word in command.words[1:]:
        start = word.starts()
        is_value = previous in _TEXT_OPTIONS and not (previous == "-d" and command.name not in ("curl", "cut", "tr"))
        if first_text and previous in ("-e", "--regexp", "--expression"):
            first_text = False
        previous = start
        if is_value:
            continue
        if start.startswith("-") and len(start) > 1:
            if command.name == "cut":
                continue
            found += _in_option(word, start)
            if start.startswith(("-e", "--regexp", "--expression", "-f", "--file")) and len(start) > 2:
                first_text = False
        elif first_text:
            first_text = False
        else:
            found.append(word)
    return found


def _in_option(word: Word, start: str) -> list[Word]:
    if word.text is None:
        return [Word(None, prefix=start[start.index("/") :])] if "/" in start else []
    _, equals, value = start.partition("=")
    if equals:
        return [Word(value)] if value else []
    return [Word(start[2:])] if len(start) > 2 and not start.startswith("--") and re.search(r"[/~]|\.\.", start) else []


def _places(text: str, command: Command, rules: ShellRules) -> set[str] | None:
    """Return the absolute paths that a text may name, as they are written, or None."""
    if text.startswith("~"):
        if text != "~" and not text.startswith("~/"):
            return None
        text = posixpath.join(rules.home, text[2:])
    if text.startswith("/"):
        return {text}
    if not command.folders:
        return None
    found: set[str] = set()
    for folder in command.folders:
        start = rules.home + folder[1:] if folder.startswith("~") else folder
        found.add(posixpath.join(rules.cwd, start, text))
    return found


def _clean(path: str) -> str:
    return posixpath.normpath("/" + path.lstrip("/"))


def _is_below(path: str, folder: str) -> bool:
    folder = folder.rstrip("/") or "/"
    return path == folder or folder == "/" or path.startswith(folder + "/")


def _judge(word: Word, command: Command, rules: ShellRules, *, is_write: bool) -> str | None:
    if word.is_tame or word.is_feed:
        return None
    is_program = bool(command.words) and word is command.words[0]
    if word.text is None and word.pattern is None:
        return _judge_unknown(word, command, rules, is_write=is_write)
    reason = None
    for part in _texts(word):
        reason = reason or _judge_text(part, word, command, rules, is_write=is_write, is_program=is_program)
    return reason


def _parts(text: str) -> list[str]:
    """Return a word, and what follows `=`, `:`, `@` or `,` in it and looks like a path."""
    more = re.findall(r"[=:,@](?=([/~][^:,=]*|\.\.[^:,=]*))", text)
    return [text, *more] if not re.match(r"\w+=", text) else more or [text.partition("=")[2] or text]


def _judge_text(
    part: str, word: Word, command: Command, rules: ShellRules, *, is_write: bool, is_program: bool
) -> str | None:
    places = _places(part, command, rules)
    if places is None:
        if not rules.is_strict:
            return None
        return f"what `{part[:80]}` names can't be known where a `cd` may fail or go elsewhere; {_HINT}"
    if rules.is_strict and word.pattern is not None and re.search(r"[*?\[]", "".join((rules.cwd, *command.folders))):
        return f"what `{part[:80]}` matches can't be known in a folder with such a name; {_HINT}"
    for way in sorted(places):
        place = _clean(way)
        if rules.is_strict and re.match(r"/proc/[^/]+/(cwd|root|fd|task|map_files)(/|$)", place):
            return f"`{place[:80]}` leads to where can't be known; {_HINT}"
        if _FREE.match(place):
            continue
        if reason := _judge_place(
            place, rules, is_write=is_write, is_pattern=word.pattern is not None, is_program=is_program
        ):
            return reason
        if reason := _judge_led(way, rules, is_write=is_write, is_program=is_program):
            return reason
    return None


def _judge_led(way: str, rules: ShellRules, *, is_write: bool, is_program: bool) -> str | None:
    """Judge where links lead a path."""
    for led in rules.links.get(way, ()):
        if led is None:
            return f"where `{way[:80]}` leads can't be told; {_HINT}"
        if reason := _judge_place(led, rules, is_write=is_write, is_pattern=False, is_program=is_program):
            return f"{reason} (`{way[:80]}` leads there)"
    return None


def _judge_place(place: str, rules: ShellRules, *, is_write: bool, is_pattern: bool, is_program: bool) -> str | None:
    for blocked in rules.blocked_paths:
        if _is_below(place, _home(blocked, rules)) or (is_pattern and _may_match(place, _home(blocked, rules))):
            return f"`{blocked}` may not be read or written by the security policy; leave it out"
    fixed = re.split(r"[*?\[]", place, maxsplit=1)[0] if is_pattern else place
    if rules.allowed_paths and not is_program and not _is_in(fixed, rules.allowed_paths, rules):
        named = ", ".join(f"`{one}`" for one in rules.allowed_paths)
        return f"`{place[:80]}` is outside of what the security policy allows; use paths below {named}"
    if is_write and rules.writable is not None and not _is_in(fixed, rules.writable, rules):
        named = ", ".join(f"`{one}`" for one in rules.writable) or "nothing"
        return f"`{place[:80]}` may not be written by the security policy; writable: {named}"
    return None


def _is_in(path: str, folders: tuple[str, ...], rules: ShellRules) -> bool:
    return any(_is_below(path, _home(folder, rules)) for folder in folders)


def _home(path: str, rules: ShellRules) -> str:
    if path.startswith("~"):
        path = posixpath.join(rules.home, path[2:])
    return _clean(posixpath.join(rules.cwd, path))


def _may_match(pattern: str, blocked: str) -> bool:
    """Whether a pattern may match a blocked path, something below it, or a folder above it that leads to it."""
    wanted, given = blocked.split("/"), pattern.split("/")
    return all(fnmatch.fnmatchcase(w, g) for w, g in zip(wanted, given, strict=False)) and len(given) >= len(wanted)


def _judge_unknown(word: Word, command: Command, rules: ShellRules, *, is_write: bool) -> str | None:
    if not rules.is_strict:
        return None
    has_rules = bool(rules.allowed_paths or rules.blocked_paths or (is_write and rules.writable is not None))
    start = word.starts().removeprefix("file://")
    if not has_rules or "://" in start:
        return None
    if start and "/" in start:
        folder = start[: start.rindex("/") + 1]
        places = _places(folder, command, rules)
        is_within = places is not None and all(
            _judge_place(_clean(p), rules, is_write=is_write, is_pattern=False, is_program=False) is None
            and _judge_led(p, rules, is_write=is_write, is_program=False) is None
            and not any(_is_below(_home(b, rules), _clean(p)) for b in rules.blocked_paths)
            for p in places
        )
        if is_within:
            return None
    return f"which path a word of `{command.name}` names can't be known before it runs; {_HINT}"


def _starts(command: Command) -> list[Word]:
    """Return where a command that goes through folders starts."""
    named = [word for word in _named(command) if word is not command.words[0]]
    if command.name not in ("find", "fd"):
        return named
    end = next((i for i, w in enumerate(command.words) if w.starts()[:1] in ("-", "(", "!")), len(command.words))
    return list(command.words[1:end])


def _judge_recursion(command: Command, rules: ShellRules) -> str | None:
    if not (rules.blocked_paths or rules.allowed_paths):
        return None
    texts = [t for t in command.argv[1:] if t]
    is_deep = command.name in _RECURSIVE or any(
        re.match(r"-[a-zA-Z]*[rRa]|--recurs|--archive|--dereference", t) for t in texts
    )
    if command.name == "ls":
        is_deep = any(re.match(r"-[a-zA-Z]*R|--recurs", t) for t in texts)
    if not is_deep or command.name in ("git", "python", "python3", "pip", "npm"):
        return None
    words = [w for w in _starts(command) if w.text] or [Word(".")]
    if words == [Word(".")] and (reason := _judge(words[0], command, rules, is_write=False)):
        return reason
    for word in words:
        for place in _places(word.text or ".", command, rules) or set():
            for blocked in rules.blocked_paths:
                if _is_below(_home(blocked, rules), _clean(place)):
                    return (
                        f"`{command.name}` would go into `{blocked}`, which the security policy blocks; "
                        "name the folders beside it"
                    )
    return None
