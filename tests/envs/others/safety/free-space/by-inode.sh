# One walk by os.scandir; sizes by inode, and a simulation before anything is deleted.
cat > prune.py <<'PYTHON'
"""Delete as little as needed until a folder is small enough."""

import os
import re
import stat
import sys
from collections import Counter

KINDS = (b".tmp", b".cache", b".log")


def walk(folder, kept):
    with os.scandir(folder) as entries:
        entries = list(entries)
    names = {entry.name for entry in entries}
    kept = kept or any(entry.name == b"KEEP" and entry.is_file(follow_symlinks=False) for entry in entries)
    locked = {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path, kept)
        elif entry.is_file(follow_symlinks=False):
            yield entry.path, entry.stat(follow_symlinks=False), kept or entry.name + b".lock" in locked


def main(argv):
    if len(argv) != 2 or not re.fullmatch("[0-9]+", argv[1]) or os.path.islink(argv[0].rstrip("/") or "/") or not os.path.isdir(argv[0]):
        print("usage: prune.py FOLDER BYTES", file=sys.stderr)
        return 2
    top = os.fsencode(argv[0])
    names, sizes, candidates = Counter(), {}, []
    for path, status, kept in walk(top, False):
        inode = status.st_dev, status.st_ino
        names[inode] += 1
        sizes[inode] = status.st_size
        kind = next((at for at, end in enumerate(KINDS) if path.endswith(end)), None)
        if kind is not None and not kept:
            candidates.append((kind, status.st_mtime_ns, os.path.relpath(path, top), inode))
    total, chosen = sum(sizes.values()), []
    for _, _, path, inode in sorted(candidates):
        if total <= int(argv[1]):
            break
        chosen.append(path)
        names[inode] -= 1
        if not names[inode]:
            total -= sizes[inode]
    if total > int(argv[1]):
        print("not enough may be deleted", file=sys.stderr)
        return 1
    for path in chosen:
        os.unlink(os.path.join(top, path))
        sys.stdout.buffer.write(path + b"\0")
    return 0


sys.exit(main(sys.argv[1:]))
PYTHON
