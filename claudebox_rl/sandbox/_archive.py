"""Folders as tar streams: packed on the host, and unpacked from a sandbox without trusting a name in them."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath

from claudebox_rl.errors import SandboxError


def pack(source: Path) -> bytes:
    """Return a tar of a host folder's content, owners and absolute paths left out."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.add(source, arcname=".", filter=_without_owner)
    return buffer.getvalue()


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def unpack(archive: bytes, target: Path) -> None:
    """Write a sandbox's regular files and folders below `target`; links, devices and sockets are left out.

    `tarfile.extractall` is not used: its filters can be escaped (CVE-2025-4517), and no name needs to be followed here.

    Raises:
        SandboxError: A member's path leaves `target`, or what was sent is no archive.
    """
    target.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as members:
            for member in members:
                _place(members, member, target)
    except tarfile.TarError as error:
        raise SandboxError(f"the sandbox sent a broken archive: {error}") from error


def _place(members: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    relative = PurePosixPath(member.name)
    if relative.is_absolute() or ".." in relative.parts:
        raise SandboxError(f"the sandbox sent a path that leaves its folder: {member.name!r}")
    place = target / relative
    if member.isdir():
        place.mkdir(parents=True, exist_ok=True)
    elif member.isreg() and (data := members.extractfile(member)) is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.write(data.read())
        place.chmod(member.mode & 0o777 | 0o600)
