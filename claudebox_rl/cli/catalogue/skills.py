"""`claudebox-rl skills`: which skills there are, what is installed of them, and its installation and removal."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.cli.words import compact, moment
from claudebox_rl.config import SandboxConfig
from claudebox_rl.sandbox._tree import remove_tree
from claudebox_rl.session.machine import ground
from claudebox_rl.session.skills.install import installed
from claudebox_rl.session.skills.load import check_skills
from claudebox_rl.session.skills.plugin import plugins_dir, skill_text
from claudebox_rl.session.skills.registry import find_skills, get_skill, list_skills
from claudebox_rl.session.skills.skill import Skill
from claudebox_rl.session.skills.store import Layer, all_layers, layers_dir, remove_broken, remove_layer


def list_all(*, console: Console, as_json: bool = False) -> int:
    """Print every known skill, and each installed one once more for each root that it is installed upon.

    Args:
        console: Where to print.
        as_json: Print a JSON array of objects instead; sizes in bytes.

    Returns:
        0.
    """
    layers: dict[str, list[Layer]] = {}
    for layer in all_layers():
        layers.setdefault(layer.skill, []).append(layer)
    names = sorted({*list_skills(), *layers})
    if as_json:
        console.print_json(json.dumps([_facts(name, layers.get(name, [])) for name in names]))
        return 0
    table = Table("skill", "what it gives", "installed upon", box=None, header_style="bold", pad_edge=False)
    table.add_column("on disk", justify="right")
    for name in names:
        rows = [(_upon(layer), f"{compact(layer.size_bytes())}B") for layer in layers.get(name, [])] or [("-", "-")]
        for number, (upon, size) in enumerate(rows):
            first = (name, _description(name)) if number == 0 else ("", "")
            table.add_row(*(Text(one_line(cell)) for cell in (*first, upon, size)))
    console.print(table)
    return 0


def show(name: str, *, console: Console) -> int:
    """Print what a skill installs, which versions are installed, and what Claude is told.

    Raises:
        SkillNotFoundError: There is no such skill.
    """
    skill = get_skill(name)
    lines = [f"{skill.name}: {skill.description}"]
    lines += [f"  python packages: {', '.join(skill.requirements)}"] if skill.requirements else []
    lines += [f"  Debian packages: {', '.join(skill.system_packages)}"] if skill.system_packages else []
    lines += [f"  install_cmd: {' '.join(skill.install_cmd.split())}"] if skill.install_cmd else []
    lines += [f"  variables: {', '.join(sorted(skill.env_vars))}"] if skill.env_vars else []
    for layer in all_layers():
        if layer.skill == name:
            lines += ["", f"installed upon {_upon(layer)}, {moment(layer.installed_at)}, in {layer.took_s:g} s"]
            lines += [f"  {layer.path} ({compact(layer.size_bytes())}B)", *map("  {}".format, layer.python)]
            lines += map("  {}".format, layer.system)
    lines += ["", skill_text(skill)]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    return 0


def install(names: Sequence[str], *, console: Console, sandbox: str, image: str | None) -> int:
    """Install skills, so that later sessions start at once and need no network.

    Args:
        names: Of the skills.
        console: Where to print.
        sandbox: Backend that they are installed for.
        image: Image that they are installed upon; None: the backend's default.

    Returns:
        0.

    Raises:
        SkillError: A skill is unknown, or can't be installed.
    """
    skills = find_skills(names)
    logging.getLogger("claudebox_rl.session.skills").setLevel(logging.INFO)
    asyncio.run(_install(skills, console, SandboxConfig(name=sandbox, image=image)))
    return 0


async def _install(skills: Sequence[Skill], console: Console, sandbox: SandboxConfig) -> None:
    upon = await ground(sandbox, None)
    check_skills(skills, upon.backend)
    for skill in skills:
        if not skill.needs_install:
            console.print(f"{skill.name}: text and files, nothing to install", markup=False, highlight=False)
            continue
        layer = await installed(skill, upon)
        size = f"{compact(layer.size_bytes())}B"
        text = f"{skill.name}: {len(layer.python)} Python and {len(layer.system)} Debian packages, {size}, {layer.path}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def clean(names: Sequence[str], *, console: Console) -> int:
    """Remove what is installed.

    Args:
        names: Of the skills; none: all, and their texts.
        console: Where to print.

    Returns:
        0.
    """
    removed = [layer for layer in all_layers() if not names or layer.skill in names]
    freed = sum(layer.size_bytes() for layer in removed)
    for layer in removed:
        remove_layer(layer)
    num_broken = remove_broken()
    if not names:
        remove_tree(plugins_dir())
    broken = f" and {num_broken} unfinished" if num_broken else ""
    console.print(f"{len(removed)} installed skills{broken} removed, {compact(freed)}B", highlight=False)
    return 0


def _description(name: str) -> str:
    return get_skill(name).description if name in list_skills() else "(not registered here)"


def _upon(layer: Layer) -> str:
    root = layer.root
    if root["kind"] == "host":
        return f"{root['name']}, Python {root['python'].partition(' ')[0]}"
    return f"image {root['name'][:12] if root['kind'] == 'layout' else root['name']}"


def _facts(name: str, layers: Sequence[Layer]) -> dict[str, Any]:
    return {
        "name": name,
        "description": _description(name),
        "layers": [
            {
                "key": layer.key,
                "root": layer.root,
                "python": list(layer.python),
                "system": list(layer.system),
                "size_bytes": layer.size_bytes(),
                "installed_at": layer.installed_at,
                "path": str(Path(layers_dir(), layer.key)),
            }
            for layer in layers
        ],
    }
