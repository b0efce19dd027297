"""Removing a box that outlived its process, with its disk: BoxLite leaves that to us."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox._box import runtimes


def remove_box(name: str, place: Path) -> None:
    """End a box and remove its disk; one that is not there is no error. Blocks.

    Raises:
        SandboxAttachError: Another process holds BoxLite's folder.
        SandboxError: BoxLite can't remove it.
    """
    if not place.is_dir():
        return
    failed: list[Exception] = []

    def work() -> None:
        try:
            with runtimes.in_use(place):
                asyncio.run(_remove(runtimes.runtime_at(place), name))
            runtimes.give_up(place, own_too=False)
        except Exception as error:  # BoxLite's classes are known only to its native part
            failed.append(error)

    # The caller's thread may have an event loop that runs.
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failed:
        raise (
            failed[0] if isinstance(failed[0], SandboxError) else SandboxError(f"the box can't be removed: {failed[0]}")
        )


async def _remove(runtime: Any, name: str) -> None:
    try:
        await runtime.remove(name, True)
    except runtimes.load().NotFoundError:
        return
