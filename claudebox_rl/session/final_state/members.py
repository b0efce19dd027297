"""Files, links and folders as values, packed for a machine and unpacked from one; no name is opened on this host."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Member(NamedTuple):
    """One path: a file where it has content, a link where it has a target, else a folder."""

    path: bytes
    """Relative."""
    mode: int
    content: bytes | None = None
    target: bytes = b""

    @property
    def is_folder(self) -> bool:
        """Whether it is one."""
        return self.content is None and not self.target


def pack_members(members: Iterable[Member]) -> bytes:
    """Return a tar of them, without times and owners."""
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for path, mode, content, target in members:
            info = tarfile.TarInfo((b"./" + path).decode("utf-8", "surrogateescape"))
            info.mode = mode
            if content is not None:
                info.size = len(content)
            elif target:
                info.type, info.linkname = tarfile.SYMTYPE, target.decode("utf-8", "surrogateescape")
            else:
                info.type = tarfile.DIRTYPE
            tar.addfile(info, io.BytesIO(content) if content is not None else None)
    return buffer.getvalue()


def unpack_members(archive: bytes) -> Iterator[Member]:
    """Yield the regular files, links and folders of a tar; anything else in it is passed over.

    Raises:
        tarfile.TarError, ValueError, OSError: It is damaged, or cut.
    """
    # A stream is only read forward, so a member of negative size (CVE-2025-8194) can't lead back.
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r|", encoding="utf-8", errors="surrogateescape") as tar:
        for info in tar:
            path = info.name.removeprefix("./").encode("utf-8", "surrogateescape")
            if info.isreg() and not info.issparse():
                file = tar.extractfile(info)
                yield Member(path, info.mode, file.read() if file is not None else b"")
            elif info.issym():
                yield Member(path, info.mode, target=info.linkname.encode("utf-8", "surrogateescape"))
            elif info.isdir():
                yield Member(path, info.mode)
