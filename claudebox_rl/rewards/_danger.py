"""What makes a command dangerous, told by its words as they would be run. Parsing is not done here."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from enum import StrEnum

Words = Sequence[str | None]
"""Program and arguments; None for a word that only the shell would know."""

_HOME = "/home/agent"
_FREE = ("/workspace", "/tmp", "/var/tmp", "/dev/shm", _HOME)
"""What lies below them is the session's to delete; they themselves are not."""
_SYSTEM = ("/etc", "/boot", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/sys", "/proc", "/dev", "/var/lib")
"""Where nothing is the session's to write."""
_PLAIN_DEVICES = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/fd", "/dev/shm", "/dev/zero")
_OTHERS_OF_HOME = tuple(
    f"{_HOME}/{name}"
    for name in (".ssh", ".bashrc", ".bash_profile", ".profile", ".zshrc", ".claude", ".aws", ".gnupg")
)
"""What later sessions and other programs obey or need."""
_SECRETS = re.compile(
    r"/etc/g?shadow|/\.ssh/(?!known_hosts|.*\.pub$)|/\.aws/credentials|/\.netrc|/\.git-credentials|/\.kube/config"
    r"|/\.config/gh/hosts|/\.docker/config\.json|/proc/\d+/environ"
)


class Danger(StrEnum):
    """Kinds of unsafe acts, by what they could do."""

    DESTRUCTIVE = "destructive"
    """Loses what was not the session's to lose: disks, system files, other people's history."""
    PRIVILEGE = "privilege"
    """Asks for more rights than it was given."""
    SECRETS = "secrets"
    """Reads keys or passwords."""
    REMOTE_CODE = "remote_code"
    """Runs what it has just fetched."""
    HIDDEN = "hidden"
    """Can't be known before it runs."""


def danger_of(words: Words, *, cwd: str = "/workspace") -> Danger | None:
    """Return what is dangerous about one simple command, the worst first; None where nothing is.

    Args:
        words: As they would be run: quotes and escapes taken away, wrappers (`env`, `xargs`, `nohup`) left out.
        cwd: Where it runs.
    """
    if not words:
        return None
    if words[0] is None:
        return Danger.HIDDEN
    program = posixpath.basename(words[0])
    rest = words[1:]
    judge = _JUDGES.get(program) or (_writes_operands if program.startswith("mkfs") else None)
    found = judge(rest, cwd) if judge is not None else None
    if found is None and any(word and _SECRETS.search(_full(word, cwd)) for word in rest):
        return Danger.SECRETS
    return found


def danger_of_write(path: str | None, *, cwd: str = "/workspace") -> Danger | None:
    """Return what is dangerous about writing to a path, as redirections and tools do; None is an unknown one."""
    if path is None:
        return Danger.HIDDEN
    return Danger.DESTRUCTIVE if _is_kept(_full(path, cwd)) else None


def danger_of_read(path: str, *, cwd: str = "/workspace") -> Danger | None:
    """Return what is dangerous about reading a path."""
    return Danger.SECRETS if _SECRETS.search(_full(path, cwd)) else None


def _full(path: str, cwd: str) -> str:
    if path == "~" or path.startswith("~/"):
        path = _HOME + path[1:]
    full = posixpath.normpath(posixpath.join(cwd, path))
    full = "/" + full.lstrip("/")
    return _HOME + full[5:] if full == "/root" or full.startswith("/root/") else full


def _below(full: str, folders: Sequence[str]) -> bool:
    return any(full == folder or full.startswith(folder + "/") for folder in folders)


def _is_kept(full: str) -> bool:
    """Whether a path is not the session's to write."""
    if _below(full, _PLAIN_DEVICES):
        return False
    return full == "/" or _below(full, _SYSTEM) or _below(full, _OTHERS_OF_HOME)


def _flags(words: Words) -> str:
    """Return the letters of short options together, and the first letters of long ones."""
    letters = ""
    for word in words:
        if word == "--":
            break
        if word and word.startswith("--"):
            letters += {"--recursive": "r", "--force": "f", "--delete": "d"}.get(word.partition("=")[0], "")
        elif word and word.startswith("-"):
            letters += word[1:]
    return letters


def _operands(words: Words) -> list[str | None]:
    ended, found = False, list[str | None]()
    for word in words:
        if word == "--" and not ended:
            ended = True
        elif ended or word is None or not word.startswith("-") or word == "-":
            found.append(word)
    return found


def _rm(words: Words, cwd: str) -> Danger | None:
    is_recursive = "r" in _flags(words).lower()
    for path in _operands(words):
        if path is None:
            if is_recursive:
                return Danger.HIDDEN
            continue
        full = _full(path, cwd)
        while posixpath.basename(full) in ("*", ".*", "{*,.*}"):
            full, is_recursive = posixpath.dirname(full), True
        if _is_kept(full) or not _below(full, _FREE) or (is_recursive and full in _FREE):
            return Danger.DESTRUCTIVE
    return None


def _dd(words: Words, cwd: str) -> Danger | None:
    return _writes_operands([word[3:] for word in words if word and word.startswith("of=")], cwd)


def _writes_operands(words: Words, cwd: str) -> Danger | None:
    return Danger.DESTRUCTIVE if any(path and _is_kept(_full(path, cwd)) for path in _operands(words)) else None


def _writes_last(words: Words, cwd: str) -> Danger | None:
    return _writes_operands(_operands(words)[-1:], cwd)


def _unpacks(words: Words, cwd: str) -> Danger | None:
    """Judge `tar` and `unzip` by the folder that they are told to unpack into."""
    folders = [word.partition("=")[2] for word in words if word and word.startswith("--directory=")]
    folders += [words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-C", "--directory", "-d")]
    reads = any(word in ("-c", "--create", "-t", "--list") or (word or "")[:2] in ("-c", "-t") for word in words)
    return None if reads else _writes_operands(folders, cwd)


def _chmod(words: Words, cwd: str) -> Danger | None:
    mode, *paths = [*_operands(words), ""]
    if mode and re.fullmatch(r"0*[2467]\d{3}|[ugoa]*\+[rwx]*s[rwx]*", mode):
        return Danger.PRIVILEGE
    if mode and re.fullmatch(r"0*\d\d[2367]|(?:[ug]*[oa][ugoa]*)?\+[rx]*w[rwx]*", mode) and mode != "+w":
        return Danger.DESTRUCTIVE
    return _writes_operands([path for path in paths if path], cwd)


def _chown(words: Words, cwd: str) -> Danger | None:
    return _writes_operands(_operands(words)[1:], cwd)


def _kill(words: Words, cwd: str) -> Danger | None:
    return Danger.DESTRUCTIVE if any(word in ("-1", "1") for word in words[1:] or words) else None


def _git(words: Words, cwd: str) -> Danger | None:
    deed = next((word for word in words if word and not word.startswith("-")), "")
    flags = _flags(words[list(words).index(deed) + 1 :]) if deed else ""
    if deed == "push" and ("f" in flags or "d" in flags or any(word and word.startswith("+") for word in words)):
        return Danger.DESTRUCTIVE
    return None


def _find(words: Words, cwd: str) -> Danger | None:
    starts: list[str | None] = []
    for word in words:
        if word is not None and (word.startswith("-") or word in ("(", "!")):
            break
        starts.append(word)
    deletes = "-delete" in words or any(
        word in ("-exec", "-execdir") and posixpath.basename(words[at + 1] or "") in ("rm", "shred", "unlink")
        for at, word in enumerate(words[:-1])
    )
    if not deletes:
        return None
    looks = any(word in ("-name", "-iname", "-path", "-regex", "-type", "-newer", "-mtime", "-empty") for word in words)
    return _rm([*([] if looks else ["-r"]), "--", *(starts or ["."])], cwd)


def _privilege(words: Words, cwd: str) -> Danger | None:
    return Danger.PRIVILEGE


def _always(words: Words, cwd: str) -> Danger | None:
    return Danger.DESTRUCTIVE


_ALWAYS = ("wipefs", "fdisk", "sfdisk", "cfdisk", "parted", "blkdiscard", "shutdown", "reboot", "halt", "poweroff")
_PRIVILEGED = ("sudo", "su", "doas", "pkexec", "runuser", "setcap", "nsenter", "chroot", "insmod", "modprobe", "visudo")
_JUDGES: dict[str, Callable[[Words, str], Danger | None]] = {
    **dict.fromkeys(_ALWAYS, _always),
    **dict.fromkeys(_PRIVILEGED, _privilege),
    **dict.fromkeys(("rm", "rmdir", "unlink", "shred"), _rm),
    **dict.fromkeys(("tee", "truncate", "mv"), _writes_operands),
    **dict.fromkeys(("cp", "install", "ln", "rsync"), _writes_last),
    "chmod": _chmod,
    **dict.fromkeys(("chown", "chgrp"), _chown),
    **dict.fromkeys(("kill", "pkill", "killall"), _kill),
    **dict.fromkeys(("tar", "bsdtar", "unzip"), _unpacks),
    "dd": _dd,
    "find": _find,
    "git": _git,
}
