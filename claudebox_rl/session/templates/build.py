"""Building a template: the image of agents' machines, and upon it one layer with what the recipe lists.

Needs root, as package managers do that give files to users; and debootstrap, umoci and bubblewrap.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from claudebox_rl.errors import TemplateError
from claudebox_rl.sandbox._local.bwrap_find import find_bwrap
from claudebox_rl.session.templates.image import build_command
from claudebox_rl.session.templates.recipe import BASE, Recipe, base_folder, load_recipe, recipe_folder
from claudebox_rl.session.templates.registries import (
    APT_CONFIG,
    CERTIFICATES,
    apt_settings,
    certificates,
    registry_environment,
    trust_environment,
)
from claudebox_rl.session.templates.root import run_in_root, stream
from claudebox_rl.session.templates.store import BuiltTemplate, commit, find_built, layout_of, templates_dir, turn
from claudebox_rl.session.templates.template import SandboxTemplate, get_template

_TOOLS = ("debootstrap", "umoci")
_INSTALLER = "/run/build/recipe"
_ACCOUNT = "usr/local/share/claudebox/template.json"
Tell = Callable[[str], None]


def build_template(template: SandboxTemplate | str, *, tell: Tell = lambda step: None) -> BuiltTemplate:
    """Build a template into `templates_dir()`, where that was not done before. Blocks for minutes.

    Two builders of one template take turns; a killed one leaves nothing that counts.

    Args:
        template: Which; its base is built first where it is missing.
        tell: Given each step as it begins.

    Raises:
        TemplateError: There is no such template, something that the build needs is missing, or a step failed; holds
            the last lines of what failed.
        SandboxStartError: Bubblewrap does not work here.
    """
    recipe = load_recipe(get_template(template).value)
    if (built := find_built(recipe)) is not None:
        return built
    _check_host(recipe)
    base = None if recipe.name == BASE else build_template(BASE, tell=lambda step: tell(f"base: {step}"))
    with turn(recipe, tell) as partial:
        if (built := find_built(recipe)) is not None:
            return built
        started = time.monotonic()
        log = templates_dir() / f"{recipe.name}.log"
        log.unlink(missing_ok=True)
        try:
            packages = _bootstrap(partial, log, tell) if base is None else _layer(recipe, base, partial, log, tell)
        except TemplateError as error:
            raise TemplateError(
                f"template {recipe.name} can't be built: {error}\nall that was said: {log}", template=recipe.name
            ) from error
        took_s = time.monotonic() - started
        return commit(recipe, partial, built_at=time.time(), took_s=took_s, packages=packages)


def _check_host(recipe: Recipe) -> None:
    if sys.platform != "linux":
        raise TemplateError("templates are built on Linux; or by Docker: see images/templates/Dockerfile")
    if os.geteuid() != 0:
        command = build_command(get_template(recipe.name))
        raise TemplateError(
            f"template {recipe.name} has to be built by root, as apt gives files to users of the image; "
            f"ordinary users can then use it:\n  {command}",
            template=recipe.name,
        )
    if missing := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        raise TemplateError(f"{', '.join(missing)} missing: apt-get install {' '.join(_TOOLS)}", template=recipe.name)


def _bootstrap(partial: Path, log: Path, tell: Tell) -> dict[str, Any]:
    tell("Debian, by debootstrap")
    stream(["bash", str(base_folder() / "build"), str(layout_of(partial))], log=log, tell=tell)
    layout_of(partial).with_suffix(".recipe").unlink()
    return {}


def _layer(recipe: Recipe, base: BuiltTemplate, partial: Path, log: Path, tell: Tell) -> dict[str, Any]:
    layout, work = layout_of(partial), partial / "work"
    image = f"{layout}:latest"
    # The base's blobs are the same files on disk: they never change, for their names are their digests.
    shutil.copytree(base.image, layout, copy_function=_share)
    tell("unpack the base")
    stream(["umoci", "unpack", "--image", image, str(work)], log=log, tell=tell)
    root = work / "rootfs"
    _install(recipe, root, partial, log, tell)
    packages = json.loads((root / _ACCOUNT).read_text(encoding="utf-8"))
    tell("pack the layer")
    stream(["umoci", "repack", "--image", image, str(work)], log=log, tell=tell)
    variables = [word for name, value in recipe.env.items() for word in ("--config.env", f"{name}={value}")]
    if variables:
        stream(["umoci", "config", "--image", image, *variables], log=log, tell=tell)
    stream(["umoci", "gc", "--layout", str(layout)], log=log, tell=tell)
    shutil.rmtree(work)
    shutil.rmtree(partial / "lent")
    return packages


def _install(recipe: Recipe, root: Path, partial: Path, log: Path, tell: Tell) -> None:
    lent = partial / "lent"
    lent.mkdir()
    (lent / "apt.conf").write_text(apt_settings(), encoding="utf-8")
    views = {_INSTALLER: recipe_folder(), APT_CONFIG: lent / "apt.conf"}
    env = {**registry_environment(), "APT_CONFIG": APT_CONFIG}
    if (bundle := certificates()) is not None:
        views[CERTIFICATES] = bundle
        env |= trust_environment()
    argv = ["/usr/bin/python3", f"{_INSTALLER}/install", f"{_INSTALLER}/{recipe.name}.toml"]
    run_in_root(find_bwrap(), root, argv, env=env, views=views, log=log, tell=tell)


def _share(source: str, target: str) -> None:
    """Give a blob a second name; small files, which umoci writes anew, are copied."""
    if "/blobs/" in source:
        os.link(source, target)
    else:
        shutil.copy2(source, target)
