"""Libraries that reading with them needs, and nothing else."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from claudebox_rl.errors import ConfigError


def library(name: str) -> Any:
    """Import a library of the extra `readers`.

    Raises:
        ConfigError: It is not installed; the message names the extra.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"needs {name.partition('.')[0]}: pip install 'claudebox_rl[readers]' ({error})", library=name
        ) from error
