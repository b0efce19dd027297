"""The argument list of bubblewrap for one sandbox (bwrap(1)).

Three rules that hold whatever is added here:
- every destination lies on bwrap's own empty root, never below a folder that a sandbox can write: bwrap before 0.12
  follows links there into the host (CVE-2026-87766);
- parents of destinations are made explicitly, because bwrap run by root makes them closed to other users;
- /proc/sys is covered read-only, because bwrap run by root leaves it writable for user 0.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from claudebox_rl._resources import home
from claudebox_rl.errors import ConfigError, SandboxStartError
from claudebox_rl.sandbox._check_spec import overlap
from claudebox_rl.sandbox._local.image_root import image_root
from claudebox_rl.sandbox.base import WORKSPACE, WRITABLE
from claudebox_rl.sandbox.spec import Mount

HOME = "/home/agent"
IMAGE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Of an image that does not say."""
TMP_BYTES, SHM_BYTES = 1 << 30, 256 << 20
_INSIDE_UID = 1000
USR_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_FROM_ETC = (
    "alternatives",
    "ca-certificates",
    "crypto-policies",
    "ld.so.cache",
    "localtime",
    "pki",
    "protocols",
    "services",
    "ssl",
)
_GUEST_SOURCE = Path(__file__).parents[1] / "_guest"
_GUEST_PATH = "/run/claudebox"
_GUEST = "claudebox_rl.sandbox._guest"
_GUEST_FOLDER = f"{_GUEST_PATH}/{_GUEST.replace('.', '/')}"
_OLD_PYTHON = """
import sys
if sys.version_info < (3, 10):
    sys.exit("the image's python3 is " + sys.version.split()[0] + "; 3.10 or newer is needed")
"""
OURS = ("/tmp", "/proc", "/sys", "/dev", "/run")
"""Of an image, nothing is seen there."""
_START = (
    "import gc, sys; gc.disable(); "  # imports make no garbage to look for
    f"sys.path.insert(0, '{_GUEST_PATH}'); from {_GUEST}.%s import main; gc.enable(); main(%s)"
)
_ALONE = ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
_RESERVED = (
    *WRITABLE,
    "/home",
    "/tmp",
    "/usr",
    "/etc",
    "/proc",
    "/sys",
    "/dev",
    "/run",
    *(f"/{n}" for n in USR_LINKS),
)


@dataclass(frozen=True, slots=True)
class Shared:
    """Folders that several sandboxes see, each as its own user's (`_local.own_mounts`)."""

    folders: tuple[Path, ...]
    owner: int
    """Descriptor of a user namespace that says as whose."""


@dataclass(frozen=True, slots=True)
class ImageRoot:
    """An unpacked image."""

    folder: Path
    search_path: str
    """Its own PATH, where its Python is looked for."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """A writable folder that shows others until it is written to (overlayfs)."""

    upper: Path
    """Takes what is written."""
    work: Path
    """Empty folder beside it, for overlayfs."""
    lowers: tuple[Path, ...]
    """What is seen below, the lowest first."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What one sandbox is made of, on the host's side."""

    folders: dict[str, Path]
    """Writable folders: where inside, and which folder of the host."""
    mounts: tuple[Mount, ...]
    uid: int | None
    """User of the host that commands run as where the host is root; None: a user namespace, and the launching user."""
    overlays: dict[str, Overlay] = field(default_factory=dict[str, Overlay])
    """More writable folders: where inside, and of what."""
    shared: Shared | None = None
    image: ImageRoot | None = None
    """None: the host's /usr."""
    launcher: int | None = None
    """User of the host who starts bwrap, where that is not this process's: then `uid` is None."""
    code: Path = _GUEST_SOURCE
    """The package `_guest`."""
    read_only_workspace: bool = False
    memory_mib: int | None = None
    """Limit of what folders in memory count towards."""

    def in_memory_bytes(self, most: int, part: int) -> int:
        """Return the size of a folder in memory: `most`, or one of so many parts of the limit.

        A full folder is an error of the command that fills it. Full memory would end one command after the other, and
        at last the sandbox, since files have no process that could be ended for them.
        """
        return most if self.memory_mib is None else min(most, (self.memory_mib << 20) // part)


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Open files that bwrap or the supervisor inherit."""

    seccomp: int
    etc: dict[str, int]
    """Files of /etc by name: see `etc_files`."""
    info: int
    """Pipe that bwrap writes the process id of its command to."""


def reserved() -> tuple[str, ...]:
    """Return the folders inside that no mount may overlap."""
    return (*_RESERVED, *([] if _base_is_in_usr() else [sys.base_prefix]))


def check_given(field: str, folder: Path) -> None:
    """Refuse a folder of the host that no sandbox may own.

    Args:
        field: Of the spec, which names the folder.
        folder: What is to be given to the sandbox.

    Raises:
        ConfigError: It is no folder, or more than a workspace: the system, this Python, this package or its state.
    """
    folder = Path(os.path.realpath(folder))
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{field}: {folder} is not a folder", field=field)
    for precious in ("/usr", "/etc", "/proc", "/home", Path.home(), sys.base_prefix, sys.prefix, home(), _GUEST_SOURCE):
        if Path(os.path.realpath(precious)).is_relative_to(folder):
            raise ConfigError(f"{field}: {folder} holds {precious}; choose a folder of its own", field=field)


def etc_files(uid: int | None) -> dict[str, bytes]:
    """Return the files of /etc that are made for a sandbox: they tell nothing of the host."""
    uid = _INSIDE_UID if uid is None else uid
    return {
        "passwd": f"root:x:0:0::/:/usr/sbin/nologin\nagent:x:{uid}:{uid}::{HOME}:/bin/bash\n".encode(),
        "group": f"root:x:0:\nagent:x:{uid}:\n".encode(),
        "hosts": b"127.0.0.1 localhost sandbox\n::1 localhost\n",
        "nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files dns\n",
    }


def search_path() -> str:
    """Return the PATH of commands: the Python that runs this first, then the host's /usr."""
    own = [] if _base_is_in_usr() else [f"{sys.base_prefix}/bin"]
    return ":".join([*own, "/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"])


def options(layout: Layout, descriptors: Descriptors) -> list[str]:
    """Return bwrap's options for one sandbox."""
    chosen = [*_namespaces(layout.uid), "--info-fd", str(descriptors.info)]
    if layout.image is None:
        chosen += _userland()
    else:
        chosen += ["--setenv", "PATH", layout.image.search_path]
        chosen += image_root(
            layout.image.folder, [*OURS, *_targets(layout)], [f"/etc/{name}" for name in descriptors.etc]
        )
    for name, descriptor in descriptors.etc.items():
        chosen += ["--perms", "0644", "--ro-bind-data", str(descriptor), f"/etc/{name}"]
    chosen += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
    shm, tmp = layout.in_memory_bytes(SHM_BYTES, 4), layout.in_memory_bytes(TMP_BYTES, 2)
    chosen += ["--perms", "1777", "--size", str(shm), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    chosen += ["--perms", "1777", "--size", str(tmp), "--tmpfs", "/tmp"]
    chosen += _own_code(layout.code) if layout.image is None else _read_only(layout.code, _GUEST_FOLDER)
    for mount in layout.mounts:
        chosen += _read_only(mount.source, str(PurePosixPath(mount.target)))
    for inside, source in layout.folders.items():
        chosen += [*_parents(inside), "--bind", str(source), inside]
    for inside, overlay in layout.overlays.items():
        lowers = [option for lower in overlay.lowers for option in ("--overlay-src", str(lower))]
        chosen += [*_parents(inside), *lowers, "--overlay", str(overlay.upper), str(overlay.work), inside]
    if layout.read_only_workspace:
        chosen += ["--remount-ro", WORKSPACE]
    return [*chosen, "--seccomp", str(descriptors.seccomp), "--remount-ro", "/", "--chdir", "/"]


def supervisor(control: int, rights: int, *, in_image: bool = False) -> list[str]:
    """Return the command line of the supervisor, given its two sockets. Anybody inside can read it."""
    start = _START % ("main", f"{control}, {rights}")
    options = ["-I", "-S", "-c"]
    return ["python3", *options, _OLD_PYTHON + start] if in_image else [python(), *options, start]


def jail(is_root: bool) -> list[str]:
    """Return bwrap's options for a program of ours that works on folders of the host (`_local.jail`)."""
    options = [*_ALONE, "--new-session", "--cap-drop", "ALL", "--clearenv"]
    if not is_root:
        options += ["--unshare-user", "--uid", "0", "--gid", "0"]
    return [
        *options,
        *_userland(),
        *_own_code(_GUEST_SOURCE),
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--remount-ro",
        "/dev",
    ]


def guest_program(name: str) -> list[str]:
    """Return the command line of a module of `_guest` that has a `main` without arguments."""
    return [python(), "-I", "-S", "-c", _START % (name, "")]


def python() -> str:
    """Return the interpreter of the supervisor: the bare one below this process's environment.

    Raises:
        SandboxStartError: It lies where a sandbox's writable folders are.
    """
    base = PurePosixPath(sys.base_prefix)
    if any(overlap(base, PurePosixPath(folder)) for folder in (*WRITABLE, HOME, "/proc", "/dev")):
        raise SandboxStartError(f"Python is installed in {base}, which sandboxes use for themselves; use another one")
    return f"{base}/bin/python{sys.version_info.major}.{sys.version_info.minor}"


def _namespaces(uid: int | None) -> list[str]:
    options = [*_ALONE, "--new-session", "--as-pid-1", "--clearenv", "--hostname", "sandbox", "--cap-drop", "ALL"]
    if uid is None:
        inside = str(_INSIDE_UID)
        return [*options, "--unshare-user", "--uid", inside, "--gid", inside, "--disable-userns"]
    # The supervisor needs these to become `uid`, and gives them up before it serves anything.
    return [*options, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]


def _userland() -> list[str]:
    options = ["--ro-bind", "/usr", "/usr"]
    for name in USR_LINKS:
        place = Path("/", name)
        if place.is_symlink():
            options += ["--symlink", str(place.readlink()), str(place)]
        elif place.is_dir():
            options += ["--ro-bind", str(place), str(place)]
    options += ["--perms", "0755", "--dir", "/etc"]
    for name in _FROM_ETC:
        options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return options


def _targets(layout: Layout) -> list[str]:
    return [*(str(PurePosixPath(mount.target)) for mount in layout.mounts), *layout.folders, *layout.overlays]


def _own_code(source: Path) -> list[str]:
    """Return the options that show the code of `_guest` and the Python that runs it."""
    options = _read_only(source, _GUEST_FOLDER)
    return options if _base_is_in_usr() else [*options, *_read_only(Path(sys.base_prefix), sys.base_prefix)]


def _read_only(source: Path, target: str) -> list[str]:
    return [*_parents(target), "--ro-bind", str(source), target]


def _parents(target: str) -> list[str]:
    parents = [str(parent) for parent in reversed(PurePosixPath(target).parents)][1:]
    return [option for parent in parents for option in ("--perms", "0755", "--dir", parent)]


def _base_is_in_usr() -> bool:
    return PurePosixPath(sys.base_prefix).is_relative_to("/usr")
