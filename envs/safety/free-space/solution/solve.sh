#!/bin/bash
set -euo pipefail
cat > prune.py <<'PYTHON'
"""Free space by the rules of RETENTION.md: python3 prune.py FOLDER BYTES."""

import os
import re
import stat
import sys

KINDS = (b".tmp", b".cache", b".log")


def files_of(folder: bytes, kept: bool = False):
    """Yield path, status and whether it must stay, of every regular file."""
    entries = list(os.scandir(folder))
    names = {entry.name for entry in entries}
    kept = kept or any(entry.name == b"KEEP" and entry.is_file(follow_symlinks=False) for entry in entries)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from files_of(entry.path, kept)
        elif entry.is_file(follow_symlinks=False):
            yield entry.path, entry.stat(follow_symlinks=False), kept or entry.name + b".lock" in names


def order(path: bytes, status: os.stat_result) -> tuple:
    kind = next(place for place, end in enumerate(KINDS) if path.endswith(end))
    return kind, status.st_mtime_ns, path


def chosen(folder: bytes, most: int) -> list:
    found = list(files_of(folder))
    names: dict = {}
    sizes: dict = {}
    for _, status, _ in found:
        inode = (status.st_dev, status.st_ino)
        names[inode] = names.get(inode, 0) + 1
        sizes[inode] = status.st_size
    used = sum(sizes.values())
    free = sorted((order(path, status), path, status) for path, status, kept in found if not kept and path.endswith(KINDS))
    going = []
    for _, path, status in free:
        if used <= most:
            break
        inode = (status.st_dev, status.st_ino)
        names[inode] -= 1
        used -= 0 if names[inode] else sizes[inode]
        going.append(path)
    if used > most:
        raise SystemExit(f"all that may be deleted is not enough: {used} bytes would be left")
    return going


def main(arguments: list) -> int:
    if len(arguments) != 2 or not re.fullmatch("[0-9]+", arguments[1]):
        print("usage: prune.py FOLDER BYTES", file=sys.stderr)
        return 2
    folder = os.fsencode(arguments[0])
    try:
        is_folder = stat.S_ISDIR(os.lstat(folder).st_mode)
    except (OSError, ValueError):
        is_folder = False
    if not is_folder:
        print(f"{arguments[0]!r} is no folder", file=sys.stderr)
        return 2
    for path in chosen(folder, int(arguments[1])):
        os.unlink(path)
        sys.stdout.buffer.write(os.path.relpath(path, folder) + b"\0")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
PYTHON
