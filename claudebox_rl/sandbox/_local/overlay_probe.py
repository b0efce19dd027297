"""Whether forks can share their parent's files on this host, found by trying."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import subprocess
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox import journal
from claudebox_rl.sandbox._local import bwrap_options, idmap, uids
from claudebox_rl.sandbox._local.bwrap_find import find_bwrap
from claudebox_rl.sandbox._local.bwrap_options import Layout, Overlay, Shared
from claudebox_rl.sandbox._local.machine import info_pipe, spawn
from claudebox_rl.sandbox._tree import remove_tree
from claudebox_rl.sandbox.spec import Fork

_LOG = logging.getLogger(__name__)
_PROBE_S = 15.0
_FILE = "folder/file"
_WRITE = f"""
import os, sys
if sys.argv[1] != "None":
    os.setresgid(*[int(sys.argv[1])] * 3)
    os.setresuid(*[int(sys.argv[1])] * 3)
with open("/workspace/{_FILE}", "a") as file:
    file.write(" new")
"""


def fork_mode() -> Fork:
    """Return how forks come to their files here. Blocks for some 50 ms, once for each process and state folder."""
    try:
        return _fork_mode(find_bwrap(), journal.machines_dir().absolute())
    except SandboxStartError:
        return "copy"  # nothing starts here at all


@functools.cache
def _fork_mode(bwrap: str, folder: Path) -> Fork:
    try:
        with _recorded(folder / f"probe-{uuid.uuid4().hex[:12]}") as place:
            complaint = _try(bwrap, place)
    except (OSError, subprocess.TimeoutExpired) as error:
        complaint = str(error)
    if complaint is None:
        return "overlay"
    _LOG.info("forks are copies, since this host gives no overlays over %s: %s", folder, complaint)
    return "copy"


@contextmanager
def _recorded(place: Path) -> Generator[Path]:
    """Hold a folder that the journal knows, so that it goes also where this process is killed."""
    journal.record(place.name, "probe", place)
    try:
        place.mkdir(mode=0o700)
        yield place
    finally:
        remove_tree(place)
        journal.forget(place.name)


def _try(bwrap: str, place: Path) -> str | None:
    """Write through an overlay as the sandbox's user to a file that another owns; return what went wrong."""
    uid = uids.first_uid() if os.geteuid() == 0 else None
    upper, work, lower = (place / name for name in ("upper", "work", "lower"))
    for folder in (upper, work, lower, lower / "folder"):
        folder.mkdir(mode=0o755)
    (lower / _FILE).write_text("old")
    with contextlib.ExitStack() as held:
        shared = None
        if uid is not None:
            os.chown(upper, uid, uid)
            for owned in (lower, lower / "folder", lower / _FILE):
                os.chown(owned, uids.layer_uid(), uids.layer_uid())
            owner = idmap.owner_namespace(bwrap, uids.layer_uid(), uid)
            held.callback(os.close, owner)
            shared = Shared((lower,), owner)
        overlays = {"/workspace": Overlay(upper, work, (lower,))}
        complaint = _write(bwrap, Layout({}, (), uid, overlays, shared))
    if complaint is None and (upper / _FILE).read_text() == "old new" and (lower / _FILE).read_text() == "old":
        return None
    return complaint or "what was written did not arrive"


def _write(bwrap: str, layout: Layout) -> str | None:
    info, far_info = info_pipe()
    try:
        command = [bwrap_options.python(), "-I", "-S", "-c", _WRITE, str(layout.uid)]
        with spawn(bwrap, layout, command, far_info, ()) as process:
            try:
                _, said = process.communicate(timeout=_PROBE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    finally:
        os.close(info)
        os.close(far_info)
    return None if process.returncode == 0 else said.decode("utf-8", "replace").strip() or "it failed"
