"""Folders as tar streams: packed on the host, and unpacked from a sandbox without trusting a name in them."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from claudebox_rl.errors import OutputLimitError, SandboxError, boundary


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


def unpack(archive: bytes, target: Path, *, max_bytes: int) -> None:
    """Write a sandbox's regular files and folders below `target`; links, devices and sockets are left out.

    A second name of a file (a hard link) becomes a copy. `tarfile.extractall` is not used: its filters can be escaped
    (CVE-2025-4517), and no name needs to be followed here. Compressed archives are refused, because a few bytes of one
    can stand for any number.

    Args:
        archive: An uncompressed tar.
        target: Folder of the host; made where it is missing.
        max_bytes: Of all files together. Sparse members and hard links are worth more than their place in the archive.

    Raises:
        SandboxError: A member's path leaves `target` or is taken, or what was sent is no archive.
        OutputLimitError: The files hold more than `max_bytes`.
    """
    with boundary(SandboxError, f"can't unpack what the sandbox sent to {target}"):
        target.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as members:
            _place_all(members, target, max_bytes)


def _place_all(members: tarfile.TarFile, target: Path, max_bytes: int) -> None:
    files: dict[str, tarfile.TarInfo] = {}
    room, last = max_bytes, -1
    for member in members:
        # A negative size sends tarfile back to where it was, for ever (CVE-2025-8194).
        if member.size < 0 or member.offset <= last:
            raise SandboxError("the sandbox sent an archive that runs backwards")
        last = member.offset
        place = target / _relative(member.name)
        if member.isreg():
            files[member.name] = member
        # tarfile's own resolution of links would follow a symlink in the archive, or a ring of them.
        content = files.get(member.linkname if member.islnk() else member.name)
        if member.isdir():
            place.mkdir(parents=True, exist_ok=True)
        if content is None:
            continue
        room -= content.size
        if room < 0:
            raise OutputLimitError(f"the sandbox sent files of more than {max_bytes} bytes", max_bytes=max_bytes)
        _write(members, content, place)


def _relative(name: str) -> PurePosixPath:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise SandboxError(f"the sandbox sent a path that leaves its folder: {name!r}")
    return relative


def _write(members: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    data = members.extractfile(member)
    if data is None:
        raise SandboxError(f"the sandbox sent a file without content: {member.name!r}")
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("xb") as file:
        shutil.copyfileobj(data, file)
    place.chmod(member.mode & 0o777 | 0o600)
