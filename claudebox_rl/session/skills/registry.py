"""Skills by name: the built-in ones, those that a program registers, and those of installed plug-ins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from claudebox_rl.errors import ConfigError, SkillError, SkillNotFoundError
from claudebox_rl.session.skills.builtin import BUILT_IN
from claudebox_rl.session.skills.skill import Skill

_GROUP = "claudebox_rl.skill"


class SkillRegistry:
    """Skills by name.

    Args:
        skills: What it holds at first.
    """

    def __init__(self, skills: Iterable[Skill] = ()) -> None:
        self._skills: dict[str, Skill] = {}
        for skill in skills:
            self.register(skill)

    def register(self, skill: Skill) -> None:
        """Add a skill.

        Raises:
            ConfigError: There is one of that name already.
        """
        if skill.name in self._skills:
            raise ConfigError(f"skill {skill.name!r} is registered already; unregister it first", skill=skill.name)
        self._skills[skill.name] = skill

    def get(self, name: str) -> Skill:
        """Return the skill of that name.

        Looked for among those registered, then in the entry-point group `claudebox_rl.skill`, then as
        `module:attribute`.

        Raises:
            SkillNotFoundError: There is none; the message lists the known ones.
            SkillError: What the name stands for can't be imported, or is no skill.
        """
        if name in self._skills:
            return self._skills[name]
        plugins = entry_points(group=_GROUP)
        if name not in plugins.names and ":" not in name:
            known = ", ".join(sorted({*self._skills, *plugins.names}))
            raise SkillNotFoundError(f"unknown skill {name!r}; known: {known}; or give module:SKILL", skill=name)
        return _imported(name, plugins[name].value if name in plugins.names else name)

    def list_available(self) -> list[str]:
        """Return the names of all skills, plug-ins too."""
        return sorted({*self._skills, *entry_points(group=_GROUP).names})

    def unregister(self, name: str) -> None:
        """Forget a skill; does nothing where there is none of that name."""
        self._skills.pop(name, None)


_registry = SkillRegistry(BUILT_IN)


def register_skill(skill: Skill) -> None:
    """Add a skill to this process's registry.

    A Ray worker is another process: name a skill `module:SKILL` there, or have a plug-in's entry point name it.

    Raises:
        ConfigError: There is one of that name already.
    """
    _registry.register(skill)


def get_skill(name: str) -> Skill:
    """Return a skill by name, as `SkillRegistry.get`.

    Raises:
        SkillNotFoundError: There is none; the message lists the known ones.
    """
    return _registry.get(name)


def list_skills() -> list[str]:
    """Return the names of all skills."""
    return _registry.list_available()


def find_skills(skills: Sequence[str | Skill], of_task: Sequence[str] = ()) -> tuple[Skill, ...]:
    """Turn what a user gave into skills.

    Args:
        skills: Names and objects, each once.
        of_task: Names that the task has asked for; they may be among `skills` too.

    Raises:
        ConfigError: Two of one name, or something that is no skill.
        SkillNotFoundError: A name is unknown.
    """
    if isinstance(skills, str):
        raise ConfigError(f"skills must be a list: give [{skills!r}]", field="skills")
    found: dict[str, Skill] = {}
    for each in skills:
        skill = get_skill(each) if isinstance(each, str) else each
        if not isinstance(skill, Skill):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"skills must hold names and Skill objects, not {skill!r}", field="skills")
        if found.setdefault(skill.name, skill) is not skill or len(found) <= list(skills).index(each):
            raise ConfigError(f"skills: {skill.name!r} stands there twice", field="skills", skill=skill.name)
    return (*(get_skill(name) for name in dict.fromkeys(of_task) if name not in found), *found.values())


def _imported(name: str, target: str) -> Skill:
    module, _, attribute = target.partition(":")
    try:
        skill: Any = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SkillError(f"skill {name!r}: can't import {target}: {error}", skill=name) from error
    if not isinstance(skill, Skill):
        raise SkillError(f"skill {name!r}: {target} is no Skill", skill=name)
    return skill
