"""The working directory that a spec names: a writable folder which begins with the image's files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox._check_spec import overlap
from claudebox_rl.sandbox._local.bwrap_options import HOME, OURS, USR_LINKS
from claudebox_rl.sandbox.base import WORKSPACE, WRITABLE
from claudebox_rl.sandbox.spec import SandboxSpec

_SYSTEM = ("/usr/bin", "/usr/lib", "/usr/local/bin", "/usr/local/lib")


def workdir_folder(spec: SandboxSpec) -> str | None:
    """Return the writable folder that a spec's `workdir` is, or lies in; None where it names none."""
    if spec.workdir is None:
        return None
    path = PurePosixPath(spec.workdir)
    return WORKSPACE if path.is_relative_to(WORKSPACE) else str(path)


def check_workdir(spec: SandboxSpec) -> None:
    """Refuse a working directory that can't be made writable.

    Raises:
        ConfigError: It is no absolute path, lies in a folder of the sandbox's own, or holds one or the system.
    """
    if (folder := workdir_folder(spec)) is None or folder == WORKSPACE:
        return
    path = PurePosixPath(folder)
    own = map(PurePosixPath, (*WRITABLE, HOME, *OURS, "/etc", *(f"/{name}" for name in USR_LINKS)))
    if (
        not path.is_absolute()
        or ".." in path.parts
        or any(overlap(path, each) for each in own)
        or any(PurePosixPath(each).is_relative_to(path) for each in _SYSTEM)
    ):
        raise ConfigError(
            f"workdir={spec.workdir}: sandbox=local can't make that folder writable; use one of its own, such as /app, "
            "or sandbox=boxlite",
            field="workdir",
        )
    if spec.read_only_workspace:
        raise ConfigError(
            f"read_only_workspace: sandbox=local keeps {WORKSPACE} from changes, not workdir={spec.workdir}",
            field="read_only_workspace",
        )


def folder_in(image: Path, inside: str) -> Path | None:
    """Return where a folder of an image lies on the host; None where it has none, or a link stands in its path."""
    place = image
    for part in PurePosixPath(inside).relative_to("/").parts:
        place /= part
        if place.is_symlink() or not place.is_dir():
            return None
    return place
