"""What a layer is built upon: the root that a sandbox's programs and libraries come from."""

from __future__ import annotations

import asyncio
import hashlib
import json
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from claudebox_rl.sandbox import Sandbox
from claudebox_rl.sandbox._local.oci import read_image
from claudebox_rl.sandbox.spec import is_layout

HOST_ROOT = "host"
DPKG = Path("/var/lib/dpkg")


@dataclass(frozen=True, slots=True)
class RootIdentity:
    """Names a root. What was installed upon one fits every sandbox of the same identity, whatever its backend."""

    kind: str
    """`host`, `layout` (an OCI layout folder) or `registry`."""
    name: str
    """Release of the host, digest of the layout's image, or the registry's reference: a tag may move, a digest not."""
    python: str
    """The interpreter that programs find first, where the host's is seen; else empty, as the image says it."""
    machine: str
    """Processor architecture."""

    def digest(self) -> str:
        """Return a name for files."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


async def root_identity(backend: type[Sandbox], image: str | None) -> RootIdentity:
    """Return the identity of the root that sandboxes of a backend have.

    Args:
        backend: One that isolates.
        image: As in `SandboxSpec`; None: the backend's default.

    Raises:
        SandboxStartError: The image's folder is damaged.
    """
    image = image or backend.capabilities().default_image
    if image is None:
        python = f"{platform.python_version()} in {sys.base_prefix}"
        return RootIdentity(HOST_ROOT, _release(), python, platform.machine())
    if is_layout(image):
        found = await asyncio.to_thread(read_image, Path(image))
        return RootIdentity("layout", found.digest, "", platform.machine())
    return RootIdentity("registry", image, "", platform.machine())


def installed_packages() -> str:
    """Return a digest of the names of the host's Debian packages; empty where it has none.

    Of the names alone: within a release, updates keep what programs of other packages rely on.
    """
    try:
        status = (DPKG / "status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    names = sorted({line for line in status.splitlines() if line.startswith("Package: ")})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _release() -> str:
    """Return the distribution and its version, without the point release."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = dict[str, str]()
    return f"{release.get('ID', 'linux')} {release.get('VERSION_ID', release.get('BUILD_ID', ''))}"
