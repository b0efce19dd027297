"""This process's BoxLite runtime: where its state lies, and what its errors mean."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from claudebox_rl._resources import home
from claudebox_rl.errors import SandboxStartError

_MOST_PROCESSES = 256
_IN_USE = "Another BoxliteRuntime"
_runtimes: dict[int, Any] = {}
"""By process id: a forked child needs its own."""


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
    if os.getpid() not in _runtimes:
        _runtimes[os.getpid()] = _make()
    return _runtimes[os.getpid()]


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


def explain(error: Exception, image: str) -> SandboxStartError:
    """Turn what BoxLite raised at a start into an error with its fix.

    Its context has `cause`: `kvm` (none here), `image` (can't be had), `python` (not in the image) or `boot`.
    """
    cause = _cause(type(error).__name__, str(error))
    return SandboxStartError(f"the box did not start: {error}; {_FIXES[cause].format(image)}", cause=cause, image=image)


_FIXES = {
    "kvm": "enable KVM and let this user open /dev/kvm (group kvm), or use sandbox=local",
    "image": "check the image {!r} and the way to its registry, or give the folder of an OCI layout",
    "python": "the image {!r} needs python3, 3.10 or newer",
    "boot": "if /dev/kvm is there but machines don't run on it, use sandbox=local",
}
_OF_IMAGES = ("ImageError", "NotFoundError", "UpstreamUnavailableError", "NetworkError")


def _cause(kind: str, text: str) -> str:
    if kind == "UnsupportedError":
        return "kvm"
    if "executable 'python3' not found" in text:
        return "python"
    return "image" if kind in _OF_IMAGES or "pull image" in text.lower() else "boot"


def _make() -> Any:
    boxlite = load()
    for place in homes():
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return boxlite.Boxlite(boxlite.Options(home_dir=str(place)))
        except Exception as error:  # its classes are known only to the native part
            if _IN_USE not in str(error):
                raise explain(error, "") from error
    raise SandboxStartError(f"{_MOST_PROCESSES} processes hold a BoxLite runtime at {homes()[0]} already")
