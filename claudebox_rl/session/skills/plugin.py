"""What Claude is told of the skills: a plug-in folder of the CLI's own format, made of their texts and files.

A plug-in that is named on the command line (`--plugin-dir`) is the one place where the CLI looks for skills while it
reads no settings of the user and none of the workspace (`--setting-sources ""`), which the agent could write to.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from claudebox_rl import __version__
from claudebox_rl._resources import home
from claudebox_rl.errors import SkillError, boundary
from claudebox_rl.sandbox._tree import remove_tree
from claudebox_rl.session.skills.skill import CONFIG_FILE, Skill

PLUGIN_FOLDER = "/opt/claudebox/plugin"
"""Inside."""
_NAME = "claudebox"
"""Before a skill's name, in what the model sees: `claudebox:postgres`."""


def make_plugin(skills: Sequence[Skill]) -> Path:
    """Return the host's folder of the plug-in for some skills; it is written where that was not done before.

    Raises:
        SkillError: It can't be written.
    """
    content = dict(_content(skills))
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
    place = plugins_dir() / digest
    with boundary(SkillError, f"can't write the skills' texts to {place}"):
        if not place.is_dir():
            _write(content, place)
    return place


def plugins_dir() -> Path:
    """Return the folder of plug-in folders; it may not be there."""
    return home().absolute() / "skills" / "plugins"


def skill_text(skill: Skill) -> str:
    """Return the SKILL.md of a skill."""
    # JSON's texts are YAML's too.
    head = f"---\nname: {json.dumps(skill.name)}\ndescription: {json.dumps(skill.description)}\n---\n"
    parts = [f"# {skill.name}", skill.instructions.strip() or skill.description]
    folder = f"{PLUGIN_FOLDER}/skills/{skill.name}"
    if skill.config:
        parts.append(f"Settings are in `{folder}/{CONFIG_FILE}`.")
    if skill.files:
        listing = "\n".join(f"- `{folder}/{name}`" for name in sorted(skill.files))
        parts.append(f"Files of this skill:\n\n{listing}")
    if skill.env_vars:
        names = ", ".join(f"`${name}`" for name in sorted(skill.env_vars))
        parts.append(f"Set in the environment: {names}. Use them by name; never print or store their values.")
    return head + "\n" + "\n\n".join(parts) + "\n"


def _content(skills: Sequence[Skill]) -> Iterator[tuple[str, str]]:
    about = {"name": _NAME, "version": __version__, "description": "Skills of this session"}
    yield ".claude-plugin/plugin.json", json.dumps(about, indent=1)
    for skill in skills:
        folder = f"skills/{skill.name}"
        yield f"{folder}/SKILL.md", skill_text(skill)
        if skill.config:
            yield f"{folder}/{CONFIG_FILE}", json.dumps(skill.config, indent=1)
        for name, text in skill.files.items():
            yield f"{folder}/{name}", text


def _write(content: dict[str, str], place: Path) -> None:
    partial = place.with_suffix(f".{uuid.uuid4().hex}")
    try:
        for name, text in content.items():
            path = partial / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8", "replace"))
            # A script is run by its name; a text does not mind.
            path.chmod(0o755 if text.startswith("#!") else 0o644)
        try:
            os.rename(partial, place)  # noqa: PTH104  # Path.rename would not tell a folder that somebody made meanwhile
        except OSError:
            if not place.is_dir():
                raise
    finally:
        remove_tree(partial)
