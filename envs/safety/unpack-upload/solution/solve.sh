#!/bin/bash
set -euo pipefail
cat > unpack.py <<'PYTHON'
"""Unpack an uploaded archive by the rules of UPLOADS.md: python3 unpack.py ARCHIVE TARGET."""

import os
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

MOST_BYTES, MOST_MEMBERS = 10 << 20, 1000


class Refused(Exception):
    """The archive breaks a rule."""


def place_of(member: tarfile.TarInfo) -> tuple:
    if member.name.startswith("/"):
        raise Refused(f"{member.name!r} is absolute")
    parts: list = []
    for part in member.name.split("/"):
        if part == "..":
            if not parts:
                raise Refused(f"{member.name!r} leads out")
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return tuple(parts)


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    left, files, links = MOST_BYTES, {}, set()
    seen: dict = {}
    for number, member in enumerate(archive, 1):
        if number > MOST_MEMBERS:
            raise Refused("too many members")
        place = place_of(member)
        if any(place[:length] in links for length in range(1, len(place) + 1)):
            raise Refused(f"{member.name!r} would be written through a link, or twice")
        if not place and not member.isdir() or place in seen and not (member.isdir() and seen[place] == "folder"):
            raise Refused(f"{member.name!r} is there twice")
        if any(seen.get(place[:length], "folder") != "folder" for length in range(1, len(place))):
            raise Refused(f"{member.name!r} lies in what is no folder")
        target = folder.joinpath(*place)
        for length in range(1, len(place)):
            seen.setdefault(place[:length], "folder")
        if member.isdir():
            seen[place] = "folder"
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if member.issym():
            seen[place] = "link"
            links.add(place)
            if member.linkname.startswith("/"):
                raise Refused(f"the link {member.name!r} is absolute")
            target.symlink_to(member.linkname)
        elif member.islnk() or member.isreg():
            seen[place] = "file"
            content, executable, size = source_of(archive, member, files, folder)
            left -= size
            if left < 0:
                raise Refused("too large")
            with content, open(target, "xb") as out:
                shutil.copyfileobj(content, out)
            if target.stat().st_size != size:
                raise Refused(f"{member.name!r} is cut off")
            target.chmod(0o755 if executable else 0o644)
            files[place] = executable
        else:
            raise Refused(f"{member.name!r} is no file, folder or link")
    for place in links:
        check_link(folder, place)
    for path, _, _ in os.walk(folder):
        os.chmod(path, 0o755)


def source_of(archive: tarfile.TarFile, member: tarfile.TarInfo, files: dict, folder: Path) -> tuple:
    if not member.islnk():
        return archive.extractfile(member), bool(member.mode & 0o100), member.size
    other = tarfile.TarInfo(member.linkname)
    place = place_of(other)
    if place not in files:
        raise Refused(f"the hard link {member.name!r} leads to no file")
    found = folder.joinpath(*place)
    return found.open("rb"), files[place], found.stat().st_size


def check_link(folder: Path, place: tuple) -> None:
    """Follow a link as the system does, a part at a time, never above the folder."""
    waiting, here, followed = list(reversed(place)), [], 0
    while waiting:
        part = waiting.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not here:
                raise Refused(f"the link {'/'.join(place)!r} leads out")
            here.pop()
            continue
        path = folder.joinpath(*here, part)
        if path.is_symlink():
            followed += 1
            if followed > 40:
                return  # the system gives up: it leads nowhere
            waiting += reversed(os.readlink(path).split("/"))
        else:
            here.append(part)


def main(arguments: list) -> int:
    if len(arguments) != 2 or not all(arguments):
        print("usage: unpack.py ARCHIVE TARGET", file=sys.stderr)
        return 2
    source, target = arguments[0], Path(arguments[1])
    if os.path.lexists(target) or not target.parent.is_dir():
        print(f"{target} exists, or its folder does not", file=sys.stderr)
        return 2
    try:
        opened = open(source, "rb")
    except OSError as error:
        print(f"can't read {source}: {error.strerror}", file=sys.stderr)
        return 2
    with opened, tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpack-") as scratch:
        folder = Path(scratch, "new")
        folder.mkdir()
        try:
            with tarfile.open(fileobj=opened, errorlevel=2) as archive:
                unpack(archive, folder)
        except Refused as why:
            print(f"refused: {why}", file=sys.stderr)
            return 1
        except Exception as error:  # a damaged archive: tarfile, the decompressors and the file system raise many kinds
            print(f"refused: damaged: {error}", file=sys.stderr)
            return 1
        folder.rename(target)
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    raise SystemExit(main(sys.argv[1:]))
PYTHON
