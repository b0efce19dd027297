"""The main command of a box: the supervisor of `_guest`, carried in the command's own arguments.

A volume would carry it too, but a box that has one runs without BoxLite's system call filter (`_box.options`).
"""

from __future__ import annotations

import base64
import functools
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

_PACKAGES = "claudebox_rl/", "claudebox_rl/sandbox/", "claudebox_rl/sandbox/_guest/"
_NOT_OF_BOXES = ("copy_tree.py",)
_LONGEST_ARGUMENT = 128 << 10
"""MAX_ARG_STRLEN of execve(2)."""
_MAIN = """
import os, sys
if sys.version_info < (3, 10):
    sys.exit("the image's python3 is " + sys.version.split()[0] + "; 3.10 or newer is needed")
import base64
archive = os.memfd_create("claudebox")
os.write(archive, base64.b85decode(sys.argv.pop()))
sys.path.insert(0, f"/proc/self/fd/{{archive}}")
from claudebox_rl.sandbox._guest.box import main
main({folders!r}, user={user!r}, has_network={has_network!r}, is_kept={is_kept!r})
"""


def main_command(folders: Sequence[str], *, user: str | None, has_network: bool, is_kept: bool = False) -> list[str]:
    """Return what a box runs as process 1; see `_guest.box.main`."""
    program = _MAIN.format(folders=tuple(folders), user=user, has_network=has_network, is_kept=is_kept)
    return ["python3", "-I", "-S", "-c", program, _archive()]


@functools.cache
def _archive() -> str:
    """Return the guest's modules as a ZIP archive in text."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for package in _PACKAGES:
            # Folders that are entries of their own are packages without an __init__ to `zipimport`.
            archive.writestr(package, b"")
        for source in sorted((Path(__file__).parents[1] / "_guest").glob("*.py")):
            if source.name not in _NOT_OF_BOXES:
                archive.writestr(_PACKAGES[-1] + source.name, source.read_bytes())
    text = base64.b85encode(packed.getvalue()).decode()
    assert len(text) < _LONGEST_ARGUMENT
    return text
