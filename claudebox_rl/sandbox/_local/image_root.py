"""An unpacked image as a sandbox's root: bwrap's options that show its folders read-only, with room for ours."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath


def image_root(image: Path, ours: Sequence[str], files: Sequence[str]) -> list[str]:
    """Return the options for an image's root folder.

    An entry is shown whole where nothing of ours lies below it, else its own entries are. A link of the image never
    stands where bwrap is to make something: it would be followed out of the sandbox.

    Args:
        image: The root folder on the host; nobody writes to it any more.
        ours: Paths inside that are made otherwise: what the image has there is not seen.
        files: Files inside that are made otherwise; they may cover files of the image.
    """
    taken = {PurePosixPath(path) for path in ours}
    taken |= {path for path in map(PurePosixPath, files) if not _is_plain_file(image, path)}
    return _entries(image, PurePosixPath("/"), taken)


def _entries(folder: Path, inside: PurePosixPath, taken: set[PurePosixPath]) -> list[str]:
    options: list[str] = []
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        path = inside / entry.name
        if path in taken:
            continue
        if any(other.is_relative_to(path) for other in taken):
            if entry.is_dir(follow_symlinks=False):
                options += ["--perms", "0755", "--dir", str(path), *_entries(folder / entry.name, path, taken)]
        elif entry.is_symlink():
            options += ["--symlink", str(Path(entry.path).readlink()), str(path)]
        elif entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False):
            options += ["--ro-bind", entry.path, str(path)]
    return options


def _is_plain_file(image: Path, path: PurePosixPath) -> bool:
    place = image
    for part in path.relative_to("/").parts:
        if place.is_symlink():
            return False
        place /= part
    return place.is_file() and not place.is_symlink()
