"""`git`: its aliases, hooks and options that hold commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell import _shells
from claudebox_rl.session.security.shell.reading import Word

if TYPE_CHECKING:
    from claudebox_rl.session.security.shell._around import Around
    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope

_PLAIN_KEY = re.compile(
    r"(user|color|advice|init|commit|http|https|safe|branch|push|pull|fetch|log|merge|rebase|status|remote|tag|submodule|gc"
    r"|protocol\.version|column|url|feature|index|pack)\..*"
    r"|core\.(autocrlf|quotepath|eol|ignorecase|filemode|longpaths|abbrev|safecrlf|symlinks|bare|compression)",
    re.I,
)
_GLOBAL_VALUE = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--config-env", "--exec-path"})
_RUNS_OPTION = re.compile(
    r"--(upload-pack|receive-pack|exec|extcmd|open-files-in-pager|ext-diff|sendmail-cmd|smtp-server)\b"
)


def git(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    """Read a `git` command."""
    left = list(words[1:])
    while left and left[0].starts().startswith("-"):
        option = left.pop(0)
        name, equals, _ = (option.text or "").partition("=")
        if option.text is None or name in ("--exec-path", "--config-env"):
            reader.doubt("the options of `git` can't be known, or change what it runs")
        if name in _GLOBAL_VALUE and not equals and left:
            given = left.pop(0)
            if name == "-c":
                _setting(reader, given.text, scope, around)
    if not left:
        return None
    if left[0].text is None:
        reader.doubt("which sub-command `git` runs can't be known")
        return None
    _sub(reader, left[0].text, left[1:], scope, around)
    return None


def _setting(reader: Reader, text: str | None, scope: Scope, around: Around) -> None:
    key, _, value = (text or "").partition("=")
    if text is None:
        reader.doubt("a setting of `git` can't be known, and may hold a command")
    elif re.fullmatch(r"alias\..*", key, re.I) and value.startswith("!"):
        reader.script(value[1:], scope.copy(), around.inner())
    elif key.lower() in ("core.pager", "core.editor", "sequence.editor", "core.sshcommand") and value:
        reader.script(value, scope.copy(), around.inner())
    elif not _PLAIN_KEY.fullmatch(key):
        reader.doubt(f"the setting {key[:40]} of `git` may hold a command")


def _sub(reader: Reader, sub: str, words: list[Word], scope: Scope, around: Around) -> None:
    texts = [word.text for word in words]
    if any(t and (_RUNS_OPTION.match(t) or t.startswith("ext::")) for t in texts):
        reader.doubt(f"an option of `git {sub}` holds a command")
    if sub == "config":
        plain = [t for t in texts if t is None or not t.startswith("-")]
        if len(plain) > 1:
            _setting(reader, None if None in plain[:2] else f"{plain[0]}={plain[1]}", scope, around)
    elif sub == "rebase":
        for at, text in enumerate(texts):
            if text in ("-x", "--exec"):
                _shells.text(reader, words[at + 1] if at + 1 < len(words) else None, "git rebase", scope.copy(), around)
    elif sub == "bisect" and texts[:1] == ["run"]:
        reader.run(words[1:], scope.copy(), around)
    elif sub == "submodule" and "foreach" in texts:
        rest = [word for word in words[texts.index("foreach") + 1 :] if word.text != "--recursive"]
        joined = None if any(w.text is None for w in rest) else " ".join(w.text or "" for w in rest)
        _shells.text(reader, Word(joined), "git submodule foreach", scope.copy(), around)
    elif sub == "filter-branch":
        for at, text in enumerate(texts):
            if text and text.endswith("-filter"):
                _shells.text(
                    reader, words[at + 1] if at + 1 < len(words) else None, "git filter-branch", scope.copy(), around
                )
    elif sub in ("difftool", "mergetool", "send-email", "daemon", "shell", "upload-pack", "instaweb"):
        reader.doubt(f"what `git {sub}` runs can't be known")
