"""This process's BoxLite runtime: where its state lies, how many boxes boot at once, and what its errors mean."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from claudebox_rl._resources import home
from claudebox_rl.errors import SandboxAttachError, SandboxStartError

_MOST_PROCESSES = 256
_LOCK = ".lock"
_IN_USE = "Another BoxliteRuntime"
_LATE = "to become ready"
"""In what BoxLite says of a box that was not ready in 30 s, which nothing sets (0.10.8)."""
_CONSOLE_BYTES, _CONSOLE_LINES = 4096, 8
_runtimes: dict[int, tuple[Any, Path]] = {}
"""That of new boxes, by process id: a forked child needs its own. With its folder."""
_others: dict[tuple[int, Path], Any] = {}
"""Those of boxes that other processes have made, by process id and folder."""
_num_boxes: Counter[tuple[int, Path]] = Counter()
"""Boxes of this process that need the runtime of a folder."""
_turns: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = weakref.WeakKeyDictionary()


def homes() -> list[Path]:
    """Return the folders that a runtime may take: `$BOXLITE_HOME`, else `boxlite` in our home, then with -1, -2, ...

    BoxLite gives a folder to one process at a time. Each keeps its own images, so a numbered one pulls them anew once.
    """
    first = Path(os.environ.get("BOXLITE_HOME") or home() / "boxlite").absolute()
    return [first, *(first.with_name(f"{first.name}-{number}") for number in range(1, _MOST_PROCESSES))]


def runtime() -> Any:
    """Return the `boxlite.Boxlite` of this process, made at the first call. Blocks for some milliseconds.

    Raises:
        SandboxStartError: The package is missing, or this host can't run micro-VMs.
    """
    return own()[0]


def own() -> tuple[Any, Path]:
    """Return `runtime`, and its folder.

    Raises:
        SandboxStartError: As for `runtime`.
    """
    if os.getpid() not in _runtimes:
        _runtimes[os.getpid()] = _make()
    return _runtimes[os.getpid()]


def runtime_at(place: Path) -> Any:
    """Return the runtime of one folder, made where this process has none there. Blocks for some milliseconds.

    Raises:
        SandboxAttachError: Another process holds the folder.
        SandboxStartError: The package is missing, or this host can't run micro-VMs.
    """
    pid = os.getpid()
    made, made_at = _runtimes.get(pid, (None, None))
    if made_at == place:
        return made
    if (pid, place) not in _others:
        _others[pid, place] = _open(place)
    return _others[pid, place]


@contextmanager
def in_use(place: Path) -> Generator[None]:
    """Keep the runtime of a folder from being given up meanwhile."""
    use = os.getpid(), place
    _num_boxes[use] += 1
    try:
        yield
    finally:
        _num_boxes[use] -= 1


def give_up(place: Path, *, own_too: bool) -> None:
    """Let other processes have a folder, unless a box of this one needs its runtime.

    Args:
        place: The folder.
        own_too: Also where it is that of this process's new boxes.
    """
    pid = os.getpid()
    if _num_boxes[pid, place]:
        return
    _others.pop((pid, place), None)
    if own_too and pid in _runtimes and _runtimes[pid][1] == place:
        del _runtimes[pid]


def boot_turns() -> asyncio.Semaphore:
    """Return what a boot holds: as many at once as there are CPUs, since each has 30 s whatever else runs."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(os.cpu_count() or 1))


def is_late(error: BaseException) -> bool:
    """Say whether a box was not ready in BoxLite's own time; another start of it may succeed."""
    return _LATE in str(error)


def console(place: Path, box_id: str) -> str:
    """Return the last lines that a box's kernel and first programs wrote; empty where there are none."""
    try:
        with (place / "boxes" / box_id / "logs" / "console.log").open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _CONSOLE_BYTES))
            text = file.read(_CONSOLE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    lines = ["".join(filter(str.isprintable, line)).strip() for line in text.splitlines()]
    return "\n".join([line for line in lines if line][-_CONSOLE_LINES:])


def load() -> Any:
    """Return the module `boxlite`, untyped as it is.

    Raises:
        SandboxStartError: It is not installed, or has no native part for this platform.
    """
    try:
        module = import_module("boxlite")
    except ImportError as error:
        raise SandboxStartError("sandbox=boxlite needs the package boxlite: pip install boxlite") from error
    if not hasattr(module, "Boxlite"):
        raise SandboxStartError("the installed boxlite has no native part for this platform; use sandbox=local")
    return module


def explain(error: Exception, image: str, said: str = "") -> SandboxStartError:
    """Turn what BoxLite raised at a start into an error with its fix.

    Its context has `cause`: `kvm` (none here), `image` (can't be had), `python` (not in the image), `timeout` (not
    ready in BoxLite's 30 s) or `boot`.
    """
    cause = _cause(type(error).__name__, str(error))
    text = f"the box did not start: {error}; {_FIXES[cause].format(image)}{said}"
    return SandboxStartError(text, cause=cause, image=image)


_FIXES = {
    "kvm": "enable KVM and let this user open /dev/kvm (group kvm), or use sandbox=local",
    "image": "check the image {!r} and the way to its registry, or give the folder of an OCI layout",
    "python": "the image {!r} needs python3, 3.10 or newer",
    "timeout": "start fewer boxes at once",
    "boot": "if /dev/kvm is there but machines don't run on it, use sandbox=local",
}
_OF_IMAGES = ("ImageError", "NotFoundError", "UpstreamUnavailableError", "NetworkError")


def _cause(kind: str, text: str) -> str:
    if kind == "UnsupportedError":
        return "kvm"
    if "executable 'python3' not found" in text:
        return "python"
    if _LATE in text:
        return "timeout"
    return "image" if kind in _OF_IMAGES or "pull image" in text.lower() else "boot"


def _make() -> tuple[Any, Path]:
    for place in homes():
        try:
            return _open(place), place
        except SandboxAttachError:
            continue
    raise SandboxStartError(f"{_MOST_PROCESSES} processes hold a BoxLite runtime at {homes()[0]} already")


def _open(place: Path) -> Any:
    boxlite = load()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return boxlite.Boxlite(boxlite.Options(home_dir=str(place)))
    except Exception as error:  # its classes are known only to the native part
        if _IN_USE not in str(error):
            raise explain(error, "") from error
        holder = _holder_of(place)
        who = f"process {holder}" if holder else "another process"
        raise SandboxAttachError(
            f"BoxLite's folder {place} is in use by {who}; one process at a time can have it: attach there, or end it",
            cause="home",
            pid=holder,
        ) from error


def _holder_of(place: Path) -> int | None:
    """Return the process that holds a folder (proc_locks(5)); None where it can't be told."""
    try:
        number = (place / _LOCK).stat().st_ino
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    for fields in map(str.split, lines):
        if fields[1] == "FLOCK" and fields[-3].rpartition(":")[2] == str(number):
            return int(fields[-4])
    return None
