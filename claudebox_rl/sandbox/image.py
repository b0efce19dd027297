"""What an OCI layout folder says of its image, read without booting it."""

from __future__ import annotations

from pathlib import Path

from claudebox_rl.sandbox._local.oci import read_image
from claudebox_rl.sandbox.spec import is_layout


def is_complete(layout: Path) -> bool:
    """Say whether a folder is an OCI layout."""
    return (layout / "index.json").is_file()


def workdir_of_image(image: str) -> str | None:
    """Return where an image's commands start; None where it does not say, or is no layout folder.

    Raises:
        SandboxStartError: The layout is incomplete or damaged, or holds no image for this machine.
    """
    return read_image(Path(image)).workdir if is_layout(image) and is_complete(Path(image)) else None
