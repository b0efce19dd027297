"""Images unpacked below `~/.claudebox/images`, each once, under the digest of its manifest.

A folder there is complete: it got its name when it was. Remove one, or all, whenever no sandbox uses it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from claudebox_rl._resources import home
from claudebox_rl.errors import SandboxError, SandboxStartError, boundary
from claudebox_rl.sandbox import journal
from claudebox_rl.sandbox._local.jail import View, run_jailed
from claudebox_rl.sandbox._local.oci import OciImage
from claudebox_rl.sandbox._tree import remove_tree

BACKEND = "image"
"""What stands for a backend in the record of one that is being unpacked."""
_POLL_S = 0.05
_RIGHTS = ("CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SYS_CHROOT")


async def unpacked(bwrap: str, image: OciImage) -> Path:
    """Return the folder that holds an image's files; unpack it where that was not done before.

    Raises:
        SandboxStartError: It is damaged, or can't be unpacked.
    """
    place = home().absolute() / "images" / image.digest
    with boundary(SandboxStartError, f"can't unpack the image into {place}"):
        if not place.is_dir():
            place.parent.mkdir(parents=True, exist_ok=True)
            async with _turn(place.with_suffix(".lock")):
                if not place.is_dir():
                    await _unpack(bwrap, image, place)
    return place


async def _unpack(bwrap: str, image: OciImage, place: Path) -> None:
    for layer in image.layers:
        await asyncio.to_thread(layer.check)
    unpack_id = f"image-{uuid.uuid4().hex[:12]}"
    partial = place.with_suffix(f".{unpack_id}")
    journal.record(unpack_id, BACKEND, partial)
    try:
        partial.mkdir(mode=0o755)
        paths = [f"/layers/{number}" for number in range(len(image.layers))]
        views = [View(path, (layer.path,)) for path, layer in zip(paths, image.layers, strict=True)]
        job = {"layers": [[path, layer.compression] for path, layer in zip(paths, image.layers, strict=True)]}
        await run_jailed(bwrap, "unpack", job, [*views, View("/image", (partial,), writable=True)], _RIGHTS)
        partial.rename(place)
    except SandboxError as error:
        raise SandboxStartError(f"the image can't be unpacked: {error}", cause="image") from error
    finally:
        await asyncio.shield(asyncio.to_thread(remove_tree, partial))
        journal.forget(unpack_id)


@asynccontextmanager
async def _turn(lock: Path) -> AsyncGenerator[None]:
    """Hold a lock against other tasks and processes; the kernel lets go of it with this process."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            await asyncio.sleep(_POLL_S)
        yield
    finally:
        os.close(descriptor)
