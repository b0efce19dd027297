"""Which of their words commands write to."""

from __future__ import annotations

import re

from claudebox_rl.session.security.shell._lists import names
from claudebox_rl.session.security.shell.reading import Command, Word

_ALL = names(
    "rm rmdir unlink shred truncate touch mkdir tee mv ln mkfifo mknod patch script gzip gunzip bzip2 bunzip2 xz unxz "
    "zstd sponge mktemp vim vi nano ed ex sqlite3 install"
)
_AFTER_FIRST = names("chmod chown chgrp setfacl")
_LAST = names("cp rsync scp split ffmpeg convert")
_OUTPUT = {
    "sort": "-o --output",
    "curl": "-o --output --output-dir -D --dump-header -c --cookie-jar",
    "wget": "-O --output-document -P --directory-prefix -o --output-file",
    "gcc": "-o",
    "cc": "-o",
    "g++": "-o",
    "clang": "-o",
    "ld": "-o",
    "go": "-o",
    "rustc": "-o --out-dir",
    "cargo": "--target-dir",
    "patch": "-o --output",
    "unzip": "-d",
    "openssl": "-out",
    "pip": "-t --target -d --dest",
    "tar": "-C --directory",
    "jq": "",
    "cp": "-t --target-directory",
    "mv": "-t --target-directory",
    "ln": "-t --target-directory",
    "install": "-t --target-directory",
    "csplit": "-f --prefix",
    "pandoc": "-o --output",
    "git": "",
}
_IN_PLACE = re.compile(r"-[a-zA-Z]*i|--in-pl")


def written_by(command: Command) -> list[Word]:
    """Return the words of a command that it writes to, so far as it is known to write."""
    name = command.name or ""
    operands = [word for word in command.words[1:] if not word.starts().startswith("-")]
    found = _outputs(command, _OUTPUT.get(name, "").split())
    if name in _ALL:
        return [*found, *operands]
    if name in _AFTER_FIRST:
        return operands[1:]
    if name in _LAST and not found:
        return operands[-1:]
    if name == "dd":
        return [word for word in operands if word.starts().startswith("of=")]
    if name in ("sed", "perl") and any(text and _IN_PLACE.match(text) for text in command.argv[1:]):
        return _edited(command)
    if name == "tar":
        return [*found, *_archive(command)]
    if name == "zip":
        return operands[:1]
    if name == "git" and operands and operands[0].text in ("init", "clone", "worktree", "bundle", "archive"):
        return operands[1:] or [Word(".")]
    if not found and _writes_here(name, command):
        return [Word(".")]
    return found


def _writes_here(name: str, command: Command) -> bool:
    """Whether a command writes into the folder where it runs, unless it is told otherwise."""
    if name == "curl":
        return any(re.match(r"-[a-zA-Z]*[OJ]|--remote-name", word.starts()) for word in command.words[1:])
    return name in ("wget", "unzip")


def _edited(command: Command) -> list[Word]:
    """Return the files that an editor of streams edits in place: all operands, save a program that stands first."""
    starts = [word.starts() for word in command.words]
    takes = ("-e", "-f", "--expression", "--file")
    after = [word for word, before in zip(command.words[1:], starts, strict=False) if before not in takes]
    operands = [word for word in after if not word.starts().startswith("-")]
    has_program = any(start.startswith(("-e", "-f", "--expression", "--file")) for start in starts[1:])
    return operands if has_program else operands[1:]


def _outputs(command: Command, options: list[str]) -> list[Word]:
    found: list[Word] = []
    words = command.words[1:]
    for at, word in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else None
        start = word.starts()
        for option in options:
            name, equals, _ = start.partition("=")
            is_long = option.startswith("--")
            is_named = len(name) > 3 and option.startswith(name) if is_long else start == option
            if is_named and not equals:
                found += [after] if after is not None else []
            elif is_named:
                found.append(word if word.text is None else Word(start[len(name) + 1 :]))
            elif not is_long and start.startswith(option):
                found.append(word if word.text is None else Word(start[len(option) :]))
    return found


def _archive(command: Command) -> list[Word]:
    words = command.words[1:]
    options = words[0].starts() if words else ""
    is_made = re.match(r"-?[a-zA-Z]*[cru]", options) or any(w.text in ("-c", "--create", "-r", "-u") for w in words)
    if not is_made:
        is_taken = re.match(r"-?[a-zA-Z]*x", options) or any(w.text in ("-x", "--extract") for w in words)
        has_folder = any(w.starts().startswith(("-C", "--dir")) for w in words)
        return [Word(".")] if is_taken and not has_folder else []
    at = next((i for i, w in enumerate(words) if re.fullmatch(r"-?[a-zA-Z]*f", w.starts())), None)
    return [words[at + 1]] if at is not None and at + 1 < len(words) else []
