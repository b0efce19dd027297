"""Where this host takes packages from: what its apt, pip and npm are configured with, lent to a build.

Nothing of it stays in the image, and credentials travel by the environment alone.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

CERTIFICATES = "/run/build/certificates.pem"
APT_CONFIG = "/run/build/apt.conf"
_TRUST = (
    "PIP_CERT",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "npm_config_cafile",
)
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_PIP_SETTING = re.compile(r"(?:global|install|:env:)\.([a-z-]+)=(.*)")
_PIP_ADDRESSES = ("index-url", "extra-index-url")
_PIP_PLAIN = ("trusted-host", "default-timeout", "timeout", "retries", "proxy")
_NPM_SETTINGS = ("registry", "proxy", "https-proxy", "noproxy", "strict-ssl")
_ASK_S = 30.0


def registry_environment() -> dict[str, str]:
    """Return variables that make pip and npm in an image use what the host's use."""
    env = {name: os.environ[name] for name in _PROXIES if name in os.environ}
    return {**env, **_pip(), **_npm()}


def trust_environment() -> dict[str, str]:
    """Return variables that make programs trust the certificates at `CERTIFICATES`."""
    return dict.fromkeys(_TRUST, CERTIFICATES)


def certificates() -> Path | None:
    """Return the bundle of certificates that this host trusts: a registry of its own network may have one of these."""
    place = Path(os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or ".")
    usual = Path("/etc/ssl/certs/ca-certificates.crt")
    return next((file for file in (place, usual) if file.is_file()), None)


def apt_settings() -> str:
    """Return the host's settings of how apt fetches, as a file for the image's apt."""
    lines = [line for line in _ask("apt-config", "dump").splitlines() if line.startswith("Acquire::")]
    return "\n".join([*lines, f'Acquire::https::CAInfo "{CERTIFICATES}";', ""])


def _pip() -> dict[str, str]:
    """Return pip's addresses; those that are folders of the host are not seen in an image, and left out."""
    env: dict[str, str] = {}
    for line in _ask(sys.executable, "-m", "pip", "config", "list").splitlines():
        if not (found := _PIP_SETTING.fullmatch(line.strip())):
            continue
        name, value = found[1], str(ast.literal_eval(found[2]))
        if name in _PIP_ADDRESSES:
            value = " ".join(each for each in value.split() if each.startswith(("http://", "https://")))
        if value and name in (*_PIP_ADDRESSES, *_PIP_PLAIN):
            env[f"PIP_{name.upper().replace('-', '_')}"] = value
    return env


def _npm() -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name.lower().startswith("npm_config_")}
    if shutil.which("npm"):
        for name in _NPM_SETTINGS:
            value = _ask("npm", "config", "get", name).strip()
            if value not in ("", "null", "undefined"):
                env[f"npm_config_{name.replace('-', '_')}"] = value
    return env


def _ask(*argv: str) -> str:
    """Return what a program of the host says of its settings; nothing where there is none: it then has none."""
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=_ASK_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
