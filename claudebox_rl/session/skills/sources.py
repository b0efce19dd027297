"""Where this host takes packages from: what its pip and its apt are configured with, lent to an installation."""

from __future__ import annotations

import ast
import asyncio
import logging
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from claudebox_rl.sandbox import Mount
from claudebox_rl.session.skills.root import DPKG, HOST_ROOT, RootIdentity

log = logging.getLogger(__name__)
LENT = "/opt/claudebox/lent"
"""Folder inside, below which folders of the host are seen."""
_APT = Path("/etc/apt")
_USUAL_HOSTS = frozenset(
    {
        "pypi.org",
        "files.pythonhosted.org",
        "registry.npmjs.org",
        "deb.debian.org",
        "security.debian.org",
        "archive.ubuntu.com",
        "security.ubuntu.com",
        "ports.ubuntu.com",
    }
)
_SETTING = re.compile(r"(global|install|download|:env:)\.([a-z-]+)=(.*)")
_ADDRESSES = ("index-url", "extra-index-url", "find-links")
_PLAIN = ("trusted-host", "timeout", "default-timeout", "retries", "no-index", "pre", "use-feature")
_FILES = ("constraint", "cert")
_TRUST = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO")
_YES = ("1", "true", "yes", "on", "True")
_PIP_S = 30.0


@dataclass
class Sources:
    """What an installation is given of the host's configuration. May hold credentials of an index."""

    env: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    mounts: list[Mount] = field(default_factory=list[Mount])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """To be written beside the installer: name -> content."""
    hosts: set[str] = field(default_factory=lambda: set(_USUAL_HOSTS))
    """Package indexes: the host itself names them, so they may be in its private network."""
    apt_etc: str | None = None
    """Folder inside with apt's configuration, where the root has none of its own."""
    dpkg: str | None = None
    """Folder inside with the list of what is installed, likewise."""
    pip_wheels: str | None = None
    """Folder inside with a wheel of pip, which is among `files`."""

    def lend(self, folder: Path) -> str:
        """Show a folder inside, and return where."""
        for mount in self.mounts:
            if mount.source == folder:
                return mount.target
        target = f"{LENT}/{len(self.mounts)}"
        self.mounts.append(Mount(folder, target))
        return target


async def find_sources(root: RootIdentity, work: str) -> Sources:
    """Read the host's configuration.

    Args:
        root: What is installed upon: an image has an apt configuration of its own.
        work: Folder inside where `files` will be.
    """
    return await asyncio.to_thread(_find, root, work)


def _find(root: RootIdentity, work: str) -> Sources:
    sources = Sources()
    settings = _pip_settings()
    if settings.get("no-index") in _YES:
        settings = {name: value for name, value in settings.items() if not name.endswith("index-url")}
    for name, value in settings.items():
        _take(sources, name, value, work)
    _take_trust(sources, work)
    wheels = Path(os.path.realpath(sys.base_prefix), "lib", f"python{sys.version_info.major}.{sys.version_info.minor}")
    for folder in (wheels / "ensurepip/_bundled", Path("/usr/share/python-wheels")):
        for wheel in folder.glob("pip-*.whl"):
            sources.files[wheel.name] = wheel.read_bytes()
            sources.pip_wheels = work
    sources.hosts |= set(_apt_hosts())
    if root.kind == HOST_ROOT:
        if _APT.is_dir():
            sources.apt_etc = sources.lend(_APT)
        if DPKG.is_dir():
            sources.dpkg = sources.lend(DPKG)
    return sources


def _pip_settings() -> dict[str, str]:
    """Return pip's settings: of its files, and over these those of the environment."""
    argv = [sys.executable, "-m", "pip", "config", "list"]
    try:
        told = subprocess.run(argv, capture_output=True, text=True, timeout=_PIP_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        log.info("this Python has no pip: of its settings, only the environment's are used")
        told = "".join(
            f":env:.{name[4:].lower().replace('_', '-')}={value!r}\n"
            for name, value in os.environ.items()
            if name.startswith("PIP_")
        )
    ranked: dict[str, dict[str, str]] = {"global": {}, "install": {}, "download": {}, ":env:": {}}
    for line in told.splitlines():
        if found := _SETTING.fullmatch(line.strip()):
            ranked[found[1]][found[2]] = str(ast.literal_eval(found[3]))
    return {**ranked["global"], **ranked["install"], **ranked[":env:"]}


def _take(sources: Sources, name: str, value: str, work: str) -> None:
    variable = f"PIP_{name.upper().replace('-', '_')}"
    if name in _ADDRESSES:
        sources.env[variable] = " ".join(_address(sources, each) for each in value.split())
    elif name in _FILES:
        kept = [_file(sources, each, f"{name}-{number}", work) for number, each in enumerate(value.split())]
        sources.env[variable] = " ".join(kept)
    elif name in _PLAIN:
        sources.env[variable] = value


def _address(sources: Sources, address: str) -> str:
    """Return how an index is reached from inside; folders of the host are lent."""
    parts = urlsplit(address)
    if parts.scheme in ("http", "https") and parts.hostname:
        sources.hosts.add(parts.hostname)
        return address
    path = Path(unquote(parts.path) if parts.scheme == "file" else address)
    if parts.scheme not in ("", "file") or not path.is_dir():
        return address
    # The files of an index named `simple` mostly lie beside it.
    above = path.parent if path.name == "simple" else path
    inside = sources.lend(above)
    inside = f"{inside}/simple" if path.name == "simple" else inside
    return f"file://{inside}" if parts.scheme == "file" else inside


def _file(sources: Sources, path: str, name: str, work: str) -> str:
    if not Path(path).is_file():
        return path
    sources.files[name] = Path(path).read_bytes()
    return f"{work}/{name}"


def _take_trust(sources: Sources, work: str) -> None:
    """Lend the certificates that this host trusts: an index of its own network may have one of these."""
    bundle = sources.files.get("cert-0")
    if bundle is None:
        place = Path(os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or ".")
        if not place.is_file():
            return
        bundle = sources.files["cert-0"] = place.read_bytes()
    sources.env |= dict.fromkeys(_TRUST, f"{work}/cert-0")


def _apt_hosts() -> Iterator[str]:
    """Yield the hosts of apt's sources."""
    for listing in [_APT / "sources.list", *sorted((_APT / "sources.list.d").glob("*"))]:
        if listing.suffix in (".list", ".sources") and listing.is_file():
            for address in re.findall(r"https?://[^\s\]]+", listing.read_text(errors="replace")):
                if name := urlsplit(str(address)).hostname:
                    yield name
