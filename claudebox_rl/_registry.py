"""Late names: a string becomes a class only when it is used, so importing the package loads no backend."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from typing import Any

from claudebox_rl.errors import ConfigError


def resolve(kind: str, name: str, known: Mapping[str, str]) -> Any:
    """Find what `name` stands for: a known name, an installed plug-in, or `module:attribute`.

    Args:
        kind: What is looked for, in the singular (`sandbox`, `reward`); also names the entry-point group
            `claudebox_rl.<kind>`.
        name: The name to look up.
        known: The built-in names and where they live, as `module:attribute`.

    Returns:
        The imported attribute.

    Raises:
        ConfigError: The name is unknown (the message lists the known ones), or what it names can't be imported.
    """
    check(kind, name, known)
    target = known.get(name) or (name if ":" in name else _plugins(kind)[name].value)
    module, _, attribute = target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{kind}={name}: can't import {target}: {error}", kind=kind, name=name) from error


def check(kind: str, name: str, known: Mapping[str, str]) -> None:
    """Refuse an unknown name without importing anything.

    Raises:
        ConfigError: Neither built in, nor a plug-in, nor of the form `module:attribute`.
    """
    if name in known or ":" in name or name in (plugins := _plugins(kind).names):
        return
    listed = ", ".join(sorted({*known, *plugins}))
    raise ConfigError(f"unknown {kind} {name!r}; known: {listed}; or give module:Class", kind=kind, name=name)


@cache
def _plugins(kind: str) -> EntryPoints:
    """Return the installed plug-ins of a kind; once, since every installed distribution is looked through (20 ms)."""
    return entry_points(group=f"claudebox_rl.{kind}")
