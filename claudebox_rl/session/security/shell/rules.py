"""What shell commands may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ShellRules:
    """Rules for shell commands; `judge_script` says what each means.

    Attributes:
        blocked: Patterns of commands that may not run.
        allowed: Patterns of the only commands that may run; empty for all.
        is_strict: Whether what can't be known is refused.
        allow_sudo: Whether programs that change the user may run: sudo, doas, pkexec, su, runuser, gosu.
        allow_root: Whether a shell of root's may be asked for: `sudo -i`, `su`, `unshare -r`.
        allowed_paths: The only folders whose paths may be named; empty for all.
        blocked_paths: Paths that may not be named, with all below them.
        writable: The only folders below which commands known to write may do so; None for all.
        links: Where paths lead, by how the script names them (see `ways`); None among them: it can't be told. A path
            that is not here leads nowhere else.
        cwd: Where the script starts.
        home: What `~` stands for.
    """

    blocked: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    is_strict: bool = False
    allow_sudo: bool = True
    allow_root: bool = True
    allowed_paths: tuple[str, ...] = ()
    blocked_paths: tuple[str, ...] = ()
    writable: tuple[str, ...] | None = None
    links: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict[str, "tuple[str | None, ...]"])
    cwd: str = "/workspace"
    home: str = "/home/agent"
