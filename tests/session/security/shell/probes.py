"""Ways around rules: spellings of what a rule forbids, and wrappings that hide it."""

from __future__ import annotations

from dataclasses import dataclass

from probe_spellings import SPELLINGS
from probe_wrappings import q, wrappings

from claudebox_rl.session.security.shell import ShellRules

LAUNCHERS = (
    "bash sh dash env xargs find timeout nice nohup setsid stdbuf time command builtin eval exec source . base64 "
    "rev tr xxd printf echo cat tee trap alias git make tar awk sed python3 perl node vim script watch flock "
    "busybox mkdir chmod ls hash head wc ln cp mv let mapfile shopt"
)


@dataclass(frozen=True)
class Kind:
    """A kind of rule, what it forbids, and how to tell that this happened.

    Attributes:
        core: The forbidden command, plainly.
        rules: Strict rules that forbid it.
        before: Run first, in the probe's own folder.
        presets: The policies that must stop it, of a workspace that is /workspace/in.
        happened: A test that holds in that folder after the effect; `$OUT` is what the probe printed.
    """

    name: str
    core: str
    rules: ShellRules
    before: str
    happened: str
    presets: tuple[str, ...] = ()


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "blocked",
            "rm -rf victim",
            ShellRules(blocked=("rm -rf",), is_strict=True),
            "mkdir -p victim && echo x > victim/f",
            "! test -e victim",
            ("restricted", "readonly"),
        ),
        Kind(
            "allowed",
            "touch ran",
            ShellRules(allowed=tuple(LAUNCHERS.split()), is_strict=True),
            "true",
            "test -e ran",
            ("readonly",),
        ),
        Kind(
            "blocked_paths",
            "cp secret/key leak",
            ShellRules(blocked_paths=("/workspace/secret",), is_strict=True),
            "mkdir -p secret && echo KEY-OF-PROBE > secret/key",
            'grep -qrs KEY-OF-PROBE leak x || case "$OUT" in *KEY-OF-PROBE*) true;; *) false;; esac',
            ("restricted", "readonly", "research"),
        ),
        Kind(
            "writable",
            "touch out/made",
            ShellRules(writable=("/workspace/in",), is_strict=True),
            "mkdir -p in out && echo x > in/src",
            "test -e out/made",
            ("restricted", "readonly", "research"),
        ),
        Kind(
            "zeroing",
            "dd of=made if=/dev/zero",
            ShellRules(blocked=("dd if=/dev/zero",)),
            "true",
            "test -s made",
            ("standard", "restricted", "readonly"),
        ),
    )
}


def probes(kind: Kind) -> list[str]:
    """Return the texts of a kind: each alone and in its wrappings, and some wrappings in others."""
    texts = [*SPELLINGS[kind.name], *wrappings(kind.core)]
    for text in SPELLINGS[kind.name][:6]:
        texts += [f"bash -c {q(text)}", f"eval {q(text)}", f"echo {q(text)} | sh", f"$(true); ( {text} )"]
    shells = [w for w in wrappings(kind.core) if "\n" not in w and "\0" not in w][::9]
    texts += [f"bash -c {q(inner)}" for inner in shells] + [f"eval {q(inner)}" for inner in shells]
    return list(dict.fromkeys(texts))
