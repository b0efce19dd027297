"""Where the package's data and the user's state lie."""

from __future__ import annotations

import os
from pathlib import Path

from claudebox_rl.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent


def data_dir(name: str) -> Path:
    """Return a folder of shipped data (`cheats`, `configs`, `envs`, ...): inside the wheel, else in the checkout.

    Raises:
        ConfigError: The folder is in neither place: the installation is incomplete.
    """
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise ConfigError(f"{name}/ is missing from the installation of claudebox_rl; install it anew", name=name)


def home() -> Path:
    """Return the folder of sessions, machines and probes: `$CLAUDEBOX_HOME`, else `~/.claudebox`. Not created here."""
    return Path(os.environ.get("CLAUDEBOX_HOME") or Path.home() / ".claudebox")
