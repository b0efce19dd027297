"""The writable folders of one sandbox on the host: made, given to its user, copied for its forks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from pathlib import Path, PurePosixPath
from typing import Any

from claudebox_rl.sandbox._host_folder import HostFolder
from claudebox_rl.sandbox._local import idmap, uids
from claudebox_rl.sandbox._local.bwrap_options import HOME, Layout, Overlay, Shared
from claudebox_rl.sandbox._local.jail import View, run_jailed
from claudebox_rl.sandbox._local.layers import Heritage, Layer
from claudebox_rl.sandbox._local.workdir import folder_in, workdir_folder
from claudebox_rl.sandbox._tree import remove_tree
from claudebox_rl.sandbox.base import WORKSPACE, WRITABLE
from claudebox_rl.sandbox.spec import SandboxSpec

MOST_LAYERS = 12
"""More are copied into one: overlayfs takes their paths in one page."""
_STATE = {**{folder: folder.strip("/") for folder in WRITABLE}, HOME: "home"}
_READS_ALL = ("CAP_DAC_READ_SEARCH",)
_BECOMES_ANOTHER = ("CAP_SETUID", "CAP_SETGID")


class Folders:
    """The folders in which one sandbox may write.

    Args:
        spec: What the sandbox is asked to be.
        state: Folder of the host for all that is made here.
        uid: The sandbox's own user where the host is root.
        heritage: What they hold at first; nothing where the sandbox is no fork.
        image: Root folder of the image whose files the spec's `workdir` begins with; None: it begins empty.
        held: Undoes what `make` did.
    """

    def __init__(
        self,
        spec: SandboxSpec,
        state: Path,
        uid: int | None,
        heritage: Heritage | None,
        held: contextlib.AsyncExitStack,
        image: Path | None = None,
    ) -> None:
        self._spec, self._state, self._uid, self._heritage, self._held = spec, state, uid, heritage, held
        self._image = image
        given = {str(PurePosixPath(mount.target)): mount.source for mount in spec.mounts if not mount.read_only}
        if spec.workspace is not None:
            given[WORKSPACE] = spec.workspace.absolute()
        self._given = given
        """Folders of the host that outlive the sandbox: where inside, and which."""
        mounted = {inside: f"mount-{number}" for number, inside in enumerate(given) if inside not in _STATE}
        workdir = workdir_folder(spec)
        worked_in = {workdir: "workdir"} if workdir not in (None, WORKSPACE) else {}
        self._names = heritage.names if heritage else {**_STATE, **mounted, **worked_in}
        self._plain: dict[str, Path] = {}
        self._overlays: dict[str, Overlay] = {}
        self._shared: Shared | None = None

    async def make(self, bwrap: str) -> None:
        """Make them.

        Raises:
            OSError: A folder can't be made or given away.
            SandboxError: What a fork inherits can't be copied.
        """
        self._held.push_async_callback(asyncio.to_thread, remove_tree, self._state)
        self._state.mkdir(mode=0o755)
        self._own(self._state)
        if self._heritage is None:
            await self._take_from_image(bwrap)
            for inside, name in self._names.items():
                await self._make_one(inside, self._state / name)
        else:
            await self._inherit(bwrap, self._heritage)

    def layout(self) -> Layout:
        """Return how the sandbox sees them."""
        mounts = tuple(mount for mount in self._spec.mounts if mount.read_only)
        return Layout(
            self._plain,
            mounts,
            self._uid,
            self._overlays,
            self._shared,
            read_only_workspace=self._spec.read_only_workspace,
            memory_mib=self._spec.memory_mib,
        )

    def workspace(self) -> HostFolder:
        """Return what is /workspace, to be filled from here where the sandbox itself can't write to it."""
        return HostFolder(self._plain[WORKSPACE], self._uid)

    @property
    def inside(self) -> tuple[str, ...]:
        """Where the sandbox sees them."""
        return tuple(self._names)

    async def _take_from_image(self, bwrap: str) -> None:
        """Copy what the image has in the working directory. A folder of the host that was given keeps what it has."""
        inside = workdir_folder(self._spec)
        source = folder_in(self._image, inside) if self._image and inside else None
        if source is None or inside is None or inside in self._given:
            return
        name = self._names[inside]
        views = [View("/from", (source,)), View("/to", (self._state,), writable=True)]
        order = {**self._order("/from", f"/to/{name}", is_upper=False, linked=None), "owners": None}
        await self._run_copies(bwrap, [order], views, self._uid)

    async def _make_one(self, inside: str, place: Path) -> None:
        folder = self._plain[inside] = self._given.get(inside, place)
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        if inside not in self._given:
            self._own(folder)
        elif self._uid is not None:
            await self._give(folder, self._uid)

    def _own(self, folder: Path) -> None:
        if self._uid is not None:
            os.chown(folder, self._uid, self._uid)

    async def _give(self, folder: Path, uid: int) -> None:
        """Give a folder of the host to the sandbox's user until `stop`."""
        owner = uids.owner_to_restore(folder)
        self._held.push_async_callback(asyncio.to_thread, uids.give, folder, *owner)
        giving = asyncio.ensure_future(asyncio.to_thread(uids.give, folder, uid, uid))
        # A cancelled start must not have both under way.
        self._held.push_async_callback(asyncio.wait, [giving])
        await asyncio.shield(giving)

    # Forks

    async def snapshot(self, bwrap: str, is_overlay: bool) -> Heritage:
        """Copy what the folders hold, and return it for forks; the caller releases it. Nothing may write meanwhile.

        Raises:
            SandboxError: It can't be copied.
            OSError: It can't be copied.
        """
        below = self._heritage.layers if self._heritage and self._overlays else ()
        flat = len(below) >= MOST_LAYERS
        layer = Layer.make()  # not in a thread: a caller who is cancelled meanwhile would leave it
        try:
            if self._uid is not None:
                os.chown(layer.place, uids.layer_uid(), uids.layer_uid())
            views = [View("/to", (layer.place,), writable=True), *(self._view(*each, flat) for each in self._each())]
            copies = [self._copy(*each, flat, is_overlay) for each in self._each()]
            await self._run_copies(bwrap, copies, views, None if self._uid is None else uids.layer_uid())
        except BaseException:
            await asyncio.shield(asyncio.to_thread(layer.release))
            raise
        if flat:
            below = ()
        for each in below:
            each.hold()
        return Heritage((*below, layer), self._names, is_overlay)

    def _each(self) -> list[tuple[str, str]]:
        return list(self._names.items())

    def _view(self, inside: str, name: str, flat: bool) -> View:
        overlay = self._overlays.get(inside)
        if overlay is None:
            return View(f"/from/{name}", (self._plain[inside],))
        return View(f"/from/{name}", (*overlay.lowers, overlay.upper) if flat else (overlay.upper,))

    def _copy(self, inside: str, name: str, flat: bool, is_overlay: bool) -> dict[str, Any]:
        is_upper = inside in self._overlays and not flat
        return self._order(f"/from/{name}", f"/to/{name}", is_upper, f"/to/linked/{name}" if is_overlay else None)

    def _order(self, source: str, target: str, is_upper: bool, linked: str | None) -> dict[str, Any]:
        owners = None if self._uid is None else [self._uid, uids.layer_uid()]
        return {"source": source, "target": target, "owners": owners, "is_upper": is_upper, "linked": linked}

    async def _run_copies(self, bwrap: str, copies: list[dict[str, Any]], views: list[View], uid: int | None) -> None:
        rights = _READS_ALL if uid is None else (*_READS_ALL, *_BECOMES_ANOTHER)
        await run_jailed(bwrap, "copy_tree", {"uid": uid, "copies": copies}, views, rights)

    async def _inherit(self, bwrap: str, heritage: Heritage) -> None:
        heritage.hold()
        self._held.push_async_callback(asyncio.to_thread, heritage.release)
        await self._inherit_copies(bwrap, heritage)
        for inside, name in self._names.items():
            self._inherit_one(heritage, inside, name)
        if self._overlays and self._uid is not None:
            await self._share(bwrap, heritage, self._uid)

    async def _inherit_copies(self, bwrap: str, heritage: Heritage) -> None:
        """Copy what can't be shared: all, or files with more than one name."""
        layer = heritage.layers[-1]
        sources = {
            name: layer.linked(name) if heritage.is_overlay else layer.folder(name) for name in self._names.values()
        }
        copies = [
            self._order(f"/from/{name}", f"/to/{name}", is_upper=False, linked=None)
            for name, source in sources.items()
            if source.is_dir()
        ]
        if copies:
            parent = next(iter(sources.values())).parent
            views = [View("/from", (parent,)), View("/to", (self._state,), writable=True)]
            await self._run_copies(bwrap, copies, views, self._uid)

    def _inherit_one(self, heritage: Heritage, inside: str, name: str) -> None:
        folder, layers = self._state / name, heritage.layers
        if not folder.exists():
            folder.mkdir(mode=0o700)
            self._own(folder)
            seen = layers[-1].folder(name).stat()
            folder.chmod(stat.S_IMODE(seen.st_mode))
            os.utime(folder, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        lowers = tuple(layer.folder(name) for layer in layers if heritage.is_overlay and layer.holds(name))
        if not lowers:
            self._plain[inside] = folder
            return
        work = self._state / f"{name}.work"
        work.mkdir(mode=0o700)
        self._own(work)
        self._overlays[inside] = Overlay(folder, work, lowers)

    async def _share(self, bwrap: str, heritage: Heritage, uid: int) -> None:
        owner = await asyncio.to_thread(idmap.owner_namespace, bwrap, uids.layer_uid(), uid)
        self._held.callback(os.close, owner)
        self._shared = Shared(tuple(layer.place for layer in heritage.layers), owner)
