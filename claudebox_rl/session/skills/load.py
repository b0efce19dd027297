"""From the skills of a session to what its machine shows and its agent is told."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import Mount, Sandbox
from claudebox_rl.session.skills.install import SKILLS_FOLDER, Ground, installed
from claudebox_rl.session.skills.plugin import PLUGIN_FOLDER, make_plugin
from claudebox_rl.session.skills.skill import Skill
from claudebox_rl.session.skills.store import Layer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedSkills:
    """Skills that are ready to be shown to a machine."""

    skills: tuple[Skill, ...]
    layers: tuple[Layer, ...]
    mounts: tuple[Mount, ...]
    """What the machine must show, read-only."""
    plugins: tuple[str, ...]
    """Folders inside that the CLI is told of."""

    @property
    def secrets(self) -> dict[str, str]:
        """Names and values that must not be stored."""
        return {name: value for skill in self.skills for name, value in skill.secrets.items()}

    async def environment(self, sandbox: Sandbox) -> dict[str, str]:
        """Return the variables of the agent and its commands, secrets among them: to be given by `exec` alone."""
        env = {name: value for skill in self.skills for name, value in skill.env_vars.items()}
        if not self.layers:
            return env
        told = await sandbox.exec(["printenv", "PATH"], timeout_s=30)
        folders = {layer.skill: f"{SKILLS_FOLDER}/{layer.skill}" for layer in self.layers}
        env["PATH"] = ":".join([*(f"{folder}/bin" for folder in folders.values()), told.text.strip()])
        if any((layer.path / "python").is_dir() for layer in self.layers):
            env["PYTHONPATH"] = ":".join(f"{folder}/python" for folder in folders.values())
        if any((layer.path / "lib/node_modules").is_dir() for layer in self.layers):
            env["NODE_PATH"] = ":".join(f"{folder}/lib/node_modules" for folder in folders.values())
        return env


NO_SKILLS = LoadedSkills((), (), (), ())


async def load_skills(skills: Sequence[Skill], ground: Ground) -> LoadedSkills:
    """Make skills ready for a machine; those that were never installed upon its root are installed now, one by one.

    Args:
        skills: Each of another name.
        ground: The machine's backend and image.

    Raises:
        ConfigError: The backend can't keep an installer away from the host, or two skills set one variable differently.
        SkillInstallationError: One can't be installed.
        SandboxStartError: The machine for an installation did not start.
    """
    if not skills:
        return NO_SKILLS
    check_skills(skills, ground.backend)
    layers = [await installed(skill, ground) for skill in skills if skill.needs_install]
    _warn_of_versions(layers)
    mounts = [Mount(layer.path, f"{SKILLS_FOLDER}/{layer.skill}") for layer in layers]
    mounts.append(Mount(make_plugin(skills), PLUGIN_FOLDER))
    return LoadedSkills(tuple(skills), tuple(layers), tuple(mounts), (PLUGIN_FOLDER,))


def check_skills(skills: Sequence[Skill], backend: type[Sandbox]) -> None:
    """Refuse skills that can't be loaded on a backend; starts nothing.

    Raises:
        ConfigError: Names the skill.
    """
    able = backend.capabilities()
    taken: dict[str, tuple[str, str]] = {}
    for skill in skills:
        if skill.needs_install and not (able.shell and able.isolation in ("namespace", "microvm")):
            raise ConfigError(
                f"skill {skill.name!r} needs an installation, which sandbox={backend.name} can't keep away from this "
                "host; use sandbox=local or sandbox=boxlite",
                skill=skill.name,
            )
        for name, value in skill.env_vars.items():
            other, theirs = taken.setdefault(name, (skill.name, value))
            if theirs != value:
                raise ConfigError(f"skills {other!r} and {skill.name!r} set {name} differently", field="env_vars")


def _warn_of_versions(layers: Sequence[Layer]) -> None:
    """Say where two layers hold a Python package in two versions: programs see that of the first."""
    seen: dict[str, tuple[str, str]] = {}
    for layer in layers:
        for entry in layer.python:
            name, _, version = entry.partition("==")
            other, theirs = seen.setdefault(name, (layer.skill, version))
            if theirs != version:
                log.warning("skills: %s is %s of skill %s, not %s of %s", name, theirs, other, version, layer.skill)
