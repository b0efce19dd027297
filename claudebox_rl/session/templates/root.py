"""A root folder at work: a program as root in it, of whose host it sees only that root and the network."""

from __future__ import annotations

import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from claudebox_rl.errors import TemplateError

_KEPT_LINES = 15
_LINE_CHARS = 300
_STEP = "== "
_ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
_RIGHTS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETFCAP", "SETGID", "SETUID", "SYS_CHROOT")
"""What package managers need; what would lead out of the root (SYS_ADMIN, MKNOD, SYS_MODULE) is not among it."""


def run_in_root(
    bwrap: str,
    root: Path,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    views: Mapping[str, Path],
    log: Path,
    tell: Callable[[str], None],
) -> None:
    """Run a program in a root folder, as root, to its end.

    Args:
        bwrap: Path of bubblewrap.
        root: Becomes /, writable.
        argv: The program.
        env: Over a small default; the host's is not seen.
        views: Path inside -> folder or file of the host, read-only.
        log: Where all that it says goes.
        tell: Given each step (`== STEP`) as it begins.

    Raises:
        TemplateError: It failed; holds its last lines.
    """
    scratch = root.parent / "tmp"
    scratch.mkdir(mode=0o1777, exist_ok=True)
    scratch.chmod(0o1777)
    options = ["--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    options += ["--bind", str(root), "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/run"]
    options += ["--bind", str(scratch), "/tmp", "--ro-bind", "/etc/resolv.conf", "/etc/resolv.conf"]
    for inside, outside in views.items():
        options += ["--ro-bind", str(outside), inside]
    options += ["--cap-drop", "ALL", *(word for right in _RIGHTS for word in ("--cap-add", f"CAP_{right}"))]
    stream([bwrap, *options, "--", *argv], env={**_ENV, **env}, log=log, tell=tell)


def stream(
    argv: Sequence[str], *, log: Path, tell: Callable[[str], None], env: Mapping[str, str] | None = None
) -> None:
    """Run a program to its end, with its output in a file and its steps told.

    Raises:
        TemplateError: It failed, or is missing; holds its last lines.
    """
    last = deque[str](maxlen=_KEPT_LINES)
    try:
        process = subprocess.Popen(
            argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        raise TemplateError(f"{argv[0]} can't be started: {error.strerror}") from error
    with process, log.open("ab") as file:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                file.write(line)
                text = "".join(each for each in line.decode("utf-8", "replace") if each.isprintable())[:_LINE_CHARS]
                last.append(text)
                if text.startswith(_STEP):
                    tell(text.removeprefix(_STEP))
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        words = "\n  ".join(line for line in last if line.strip())
        raise TemplateError(f"{argv[0]} failed with exit status {process.returncode}:\n  {words}", output=list(last))
