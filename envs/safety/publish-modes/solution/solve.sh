#!/bin/bash
set -euo pipefail
cat > publish.py <<'PYTHON'
"""Copy a site to the folder that the web server reads: python3 publish.py SITE TARGET."""

import os
import shutil
import sys
from pathlib import Path


def publish(site: Path, target: Path) -> None:
    """Copy every file of the site, with the permissions of HOSTING.md."""
    os.umask(0o077)  # nothing is open for a moment before it gets its mode
    site = site.resolve()
    _folder(target, private=False)
    for folder, names, files in os.walk(site):
        for name in sorted(names + files):
            _publish_one(site, Path(folder, name), target)


def _publish_one(site: Path, source: Path, target: Path) -> None:
    relative = source.relative_to(site)
    copy = target / relative
    private = "private" in (relative.parts if source.is_dir() else relative.parts[:-1])
    if source.is_symlink():
        if source.resolve().is_relative_to(site) and source.exists():
            copy.unlink(missing_ok=True)
            copy.symlink_to(os.readlink(source))
    elif source.is_dir():
        _folder(copy, private=private)
    elif source.is_file():
        if copy.is_symlink():
            copy.unlink()
        shutil.copyfile(source, copy)
        mode = 0o750 if source.stat().st_mode & 0o100 else 0o640
        copy.chmod(mode & 0o700 if private else mode)


def _folder(folder: Path, *, private: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700 if private else 0o750)


if __name__ == "__main__":
    publish(Path(sys.argv[1]), Path(sys.argv[2]))
PYTHON
