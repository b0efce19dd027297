"""Reading an image from an OCI layout folder (image-spec v1.1): which one, and what it says.

All is untrusted: every blob is held against its digest before anything is made of it.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, cast

from claudebox_rl.errors import SandboxStartError

Compression = Literal["none", "gzip", "zstd"]
_JSON_BYTES = 8 << 20
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_MOST_INDEXES = 4
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_COMPRESSIONS: dict[str, Compression] = {"tar": "none", "gzip": "gzip", "zstd": "zstd"}


@dataclass(frozen=True, slots=True)
class Blob:
    """One layer: an archive of what it adds, and marks of what it removes."""

    path: Path
    digest: str
    """Hexadecimal SHA-256."""
    compression: Compression

    def check(self) -> None:
        """Hold it against its digest. Blocks.

        Raises:
            SandboxStartError: It is another, or damaged.
        """
        with self.path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != self.digest:
                raise _broken(f"{self.path.name} is not what its digest says")


@dataclass(frozen=True, slots=True)
class OciImage:
    """One image of a layout, for this machine."""

    digest: str
    """Hexadecimal SHA-256 of its manifest, which names all of its content."""
    env: dict[str, str]
    layers: tuple[Blob, ...]
    """The lowest first."""
    workdir: str | None = None
    """Where its commands start; None: it does not say."""


def read_image(layout: Path) -> OciImage:
    """Return the image of a layout that fits this machine; where there are several, the one named `latest`.

    Raises:
        SandboxStartError: There is none, or the layout is incomplete or damaged.
    """
    try:
        descriptor = _choose(layout, _parse((layout / "index.json").read_bytes()))
        manifest = _load(layout, descriptor)
        config = _load(layout, manifest["config"])
        layers = tuple(_layer(layout, each) for each in manifest["layers"])
        return OciImage(_digest(descriptor), _env(config), layers, _workdir(config))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(f"{layout} can't be read: {error!r}") from error


def _choose(layout: Path, index: dict[str, Any]) -> dict[str, Any]:
    for _ in range(_MOST_INDEXES):
        fitting = [each for each in index["manifests"] if _fits(each.get("platform"))]
        if not fitting:
            raise _broken(f"{layout} holds no image for linux/{_machine()}")
        chosen = next((each for each in fitting if _name(each) == "latest"), fitting[0])
        if chosen.get("mediaType") not in _INDEXES:
            return chosen
        index = _load(layout, chosen)
    raise _broken(f"{layout}: its indexes don't end")


def _fits(described: dict[str, Any] | None) -> bool:
    if described is None:
        return True
    return described.get("os") == "linux" and described.get("architecture") == _machine()


def _machine() -> str:
    return _MACHINES.get(platform.machine(), platform.machine())


def _name(descriptor: dict[str, Any]) -> object:
    return cast("dict[str, object]", descriptor.get("annotations") or {}).get("org.opencontainers.image.ref.name")


def _layer(layout: Path, descriptor: dict[str, Any]) -> Blob:
    ending = re.split(r"[.+]", descriptor["mediaType"])[-1]
    if ending not in _COMPRESSIONS:
        raise ValueError(f"a layer of the unknown kind {descriptor['mediaType']}")
    return Blob(_place(layout, descriptor), _digest(descriptor), _COMPRESSIONS[ending])


def _env(config: dict[str, Any]) -> dict[str, str]:
    entries: list[object] = cast("dict[str, Any]", config.get("config") or {}).get("Env") or []
    pairs = [str(entry).partition("=") for entry in entries]
    return {name: value for name, _, value in pairs if name and "\0" not in name + value}


def _workdir(config: dict[str, Any]) -> str | None:
    value = cast("dict[str, Any]", config.get("config") or {}).get("WorkingDir") or "/"
    path = PurePosixPath("/", str(value))
    return None if path == PurePosixPath("/") or ".." in path.parts or "\0" in str(path) else str(path)


def _load(layout: Path, descriptor: dict[str, Any]) -> dict[str, Any]:
    with _place(layout, descriptor).open("rb") as file:
        content = file.read(_JSON_BYTES + 1)
    if hashlib.sha256(content).hexdigest() != _digest(descriptor):
        raise ValueError(f"{descriptor['digest']} is not what its digest says")
    return _parse(content)


def _parse(content: bytes) -> dict[str, Any]:
    parsed = json.loads(content)
    if not isinstance(parsed, dict):
        raise TypeError("no JSON object")
    return cast("dict[str, Any]", parsed)


def _place(layout: Path, descriptor: dict[str, Any]) -> Path:
    return layout / "blobs" / "sha256" / _digest(descriptor)


def _digest(descriptor: dict[str, Any]) -> str:
    found = _DIGEST.fullmatch(descriptor["digest"])
    if found is None:
        raise ValueError(f"{descriptor['digest']!r} is no SHA-256 digest")
    return found[1]


def _broken(what: str) -> SandboxStartError:
    return SandboxStartError(f"the image can't be used: {what}", cause="image")
