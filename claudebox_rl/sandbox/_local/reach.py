"""What a sandbox is made of, put where an unprivileged user of the host can get at it.

An image's Python is the image's program: it must not run as user 0 of the host, not even until it gives that up. So
where the host is root, bubblewrap itself is started as the sandbox's own user, in a user namespace, like by anybody
else. The state folders, and often bubblewrap, lie in folders that are closed to that user; here they are mounted on
places that are not, in the mount namespace of the start alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from claudebox_rl.sandbox._local.bwrap_options import Layout, Overlay
from claudebox_rl.sandbox._local.own_mounts import mount_memory, put, take

_PLACE = Path("/tmp")
"""Exists and can be entered everywhere; what else is in it is out of sight here."""


def within_reach(bwrap: str, layout: Layout) -> tuple[str, Layout]:
    """Mount bubblewrap and every source of a layout on places within reach, and return where they are now.

    Raises:
        OSError: Something can't be mounted.
    """
    is_closed = not _is_within_reach(Path(bwrap))
    sources = _sources(layout)
    if is_closed:
        # The program of a wheel finds its libraries beside its package.
        sources.add(Path(bwrap).parents[2])
    table = _mount_all(sources)

    def moved(path: Path) -> Path:
        root = max((root for root in table if path.is_relative_to(root)), key=lambda root: len(root.parts))
        return table[root] / path.relative_to(root)

    def moved_overlay(overlay: Overlay) -> Overlay:
        return Overlay(moved(overlay.upper), moved(overlay.work), tuple(moved(lower) for lower in overlay.lowers))

    return str(moved(Path(bwrap))) if is_closed else bwrap, replace(
        layout,
        folders={inside: moved(source) for inside, source in layout.folders.items()},
        overlays={inside: moved_overlay(overlay) for inside, overlay in layout.overlays.items()},
        mounts=tuple(replace(mount, source=moved(mount.source)) for mount in layout.mounts),
        image=layout.image and replace(layout.image, folder=moved(layout.image.folder)),
        code=moved(layout.code),
    )


def _sources(layout: Layout) -> set[Path]:
    sources = {layout.code, *layout.folders.values(), *(mount.source for mount in layout.mounts)}
    if layout.image is not None:
        sources.add(layout.image.folder)
    for overlay in layout.overlays.values():
        # Its upper and work folders must be on one mount.
        sources |= {overlay.upper.parent, *(lower.parent for lower in overlay.lowers)}
    return sources


def _is_within_reach(place: Path) -> bool:
    """Say whether everybody can get at a file of the host; what is in /tmp is out of sight."""
    return not place.is_relative_to(_PLACE) and all(parent.stat().st_mode & 0o001 for parent in place.parents)


def _mount_all(sources: set[Path]) -> dict[Path, Path]:
    """Mount each source on a place of its own; returns the places."""
    taken = [(source, take(source), source.is_dir()) for source in sources]
    mount_memory(_PLACE)
    table: dict[Path, Path] = {}
    for number, (source, tree, is_folder) in enumerate(taken):
        place = table[source] = _PLACE / str(number)
        if is_folder:
            place.mkdir()
        else:
            place.touch()
        put(tree, place)
    return table
