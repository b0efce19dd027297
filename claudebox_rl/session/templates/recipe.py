"""A template's recipe: what is put upon the image of agents' machines, and how that is checked."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from claudebox_rl._resources import data_dir
from claudebox_rl.errors import TemplateError

BASE = "default"
"""The template that the others stand upon: the image of agents' machines itself."""
_LISTS = ("debian", "npm", "python")
_TABLES = ("env", "checks")
_PINNED = {"npm": re.compile(r".+@\d[\w.-]*"), "python": re.compile(r"[\w.\[\]-]+==\d[\w.]*")}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a template is made of."""

    name: str
    about: str
    """What it is for, in one line."""
    debian: tuple[str, ...]
    """Packages of the base's Debian release, in the version that its mirror has."""
    npm: tuple[str, ...]
    """`name@version`."""
    python: tuple[str, ...]
    """`name==version`, as wheels."""
    env: dict[str, str]
    checks: dict[str, str]
    """What must answer -> a shell command that then ends with 0; its first line of output is a version or a proof."""
    key: str
    """Names all that decides what is built: 16 hexadecimal digits."""


def recipe_folder() -> Path:
    """Return the folder of the recipes and of their installer."""
    return data_dir("images") / "templates"


def base_folder() -> Path:
    """Return the folder of the recipe of agents' machines."""
    return data_dir("images") / "agent"


def load_recipe(name: str) -> Recipe:
    """Return a recipe by the name of its file.

    Raises:
        TemplateError: It is malformed; says where.
    """
    file = recipe_folder() / f"{name}.toml"
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TemplateError(f"the recipe of template {name} can't be read: {error}", template=name) from error
    return _recipe(name, told)


def _recipe(name: str, told: dict[str, Any]) -> Recipe:
    if unknown := told.keys() - {"about", *_LISTS, *_TABLES}:
        raise _malformed(name, f"unknown keys: {', '.join(sorted(unknown))}")
    if not isinstance(told.get("about"), str) or not told.get("checks"):
        raise _malformed(name, "it needs `about` and [checks]")
    lists = {kind: _texts(name, kind, told.get(kind, [])) for kind in _LISTS}
    for kind, pinned in _PINNED.items():
        for package in lists[kind]:
            if not pinned.fullmatch(package):
                raise _malformed(name, f"{kind}: {package} has no fixed version")
    env, checks = (_table(name, kind, told.get(kind, {})) for kind in _TABLES)
    return Recipe(name, told["about"], **lists, env=env, checks=checks, key=_key(name, {**lists, "env": env}))


def _texts(name: str, kind: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in cast("list[object]", value)):
        raise _malformed(name, f"{kind} must be a list of strings")
    return tuple(cast("list[str]", value))


def _table(name: str, kind: str, value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(
        isinstance(each, str) for each in cast("dict[str, object]", value).values()
    ):
        raise _malformed(name, f"[{kind}] must hold strings")
    return cast("dict[str, str]", value)


def _key(name: str, content: dict[str, Any]) -> str:
    """Name what is built by all that it is built from. Versions of Debian packages are the mirror's, and not in it."""
    parts = [(base_folder() / "build").read_bytes(), (base_folder() / "packages").read_bytes()]
    if name != BASE:
        parts += [(recipe_folder() / "install").read_bytes(), json.dumps(content, sort_keys=True).encode()]
    made = hashlib.sha256(platform.machine().encode())
    for part in parts:
        made.update(hashlib.sha256(part).digest())
    return made.hexdigest()[:16]


def _malformed(name: str, what: str) -> TemplateError:
    return TemplateError(f"the recipe of template {name} is malformed: {what}", template=name)
