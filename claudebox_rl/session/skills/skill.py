"""A skill as its author writes it: what to install, what to say to Claude, which secrets its commands need."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, NoReturn, Self

from claudebox_rl.errors import ConfigError

CONFIG_FILE = "config.json"
LEAST_SECRET_CHARS = 6
"""A shorter value stands in too many texts by chance to be taken out of them."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = frozenset({"PATH", "PYTHONPATH", "NODE_PATH", "HOME", "SKILL.md", CONFIG_FILE})
_MOST_DESCRIPTION = 1024


@dataclass(frozen=True, slots=True)
class Skill:
    """Something that Claude can do in a session once it is loaded.

    Checked when it is made. Mappings and lists that were given are copied, and are not to be changed.

    ```python
    WEATHER = Skill("weather", "Tell the weather of a place", requirements=["httpx"], env_vars={"WEATHER_KEY": key})
    ```

    Raises:
        ConfigError: A field is malformed; names it.
    """

    name: str
    """Letters, digits, `_` and `-`, at most 64."""
    description: str
    """One line by which the model decides whether to use it."""
    install_cmd: str | None = None
    """Shell command that runs once, when the skill is installed, after packages and requirements. `pip install` and
    `npm install -g` in it go into the skill's folder, `$CLAUDEBOX_SKILL`; programs belong into its `bin`."""
    config: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False)
    """Settings, as JSON: they become a file that the skill's text names. No place for secrets."""
    files: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    """Relative path -> text: put beside the skill's text, in a folder that Claude is told of."""
    requirements: Sequence[str] = ()
    """Python packages, as for pip."""
    env_vars: Mapping[str, str] = field(default_factory=dict[str, str], hash=False, repr=False)
    """Variables of the agent and its commands. All are secrets, but those in `plain_env`: they are nowhere stored, and
    `***NAME***` stands for them in all that is recorded."""
    system_packages: Sequence[str] = ()
    """Debian packages, `name` or `name=version`."""
    instructions: str = ""
    """Markdown that Claude reads when it takes the skill up."""
    plain_env: Sequence[str] = ()
    """Names of `env_vars` that are no secrets."""

    def __post_init__(self) -> None:
        for name in ("requirements", "system_packages", "plain_env"):
            value: Any = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Sequence):
                self._refuse(name, f"must be a list of texts, not {value!r}")
            object.__setattr__(self, name, tuple(value))  # pyright: ignore[reportUnknownArgumentType]
        for name in ("config", "files", "env_vars"):
            value = getattr(self, name)
            if not isinstance(value, Mapping):
                self._refuse(name, "must be a mapping")
            object.__setattr__(self, name, dict(value))  # pyright: ignore[reportUnknownArgumentType]
        self._check_texts()
        self._check_config()
        _check_files(self)
        _check_env(self)

    @property
    def needs_install(self) -> bool:
        """Whether something must be installed; else it is text and files alone."""
        return bool(self.install_cmd or self.requirements or self.system_packages)

    @property
    def secrets(self) -> dict[str, str]:
        """The secret part of `env_vars`."""
        return {name: value for name, value in self.env_vars.items() if name not in self.plain_env}

    def with_env(self, **env_vars: str) -> Self:
        """Return this skill with more variables; those of the same name are replaced.

        Raises:
            ConfigError: A name or a value is malformed.
        """
        return replace(self, env_vars={**self.env_vars, **env_vars})

    def _check_texts(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"skill name {self.name!r} must be 1 to 64 letters, digits, '_' or '-'", field="name")
        text = self.description
        if not text.strip() or not text.isprintable() or len(text) > _MOST_DESCRIPTION:
            self._refuse("description", f"must be one line of 1 to {_MOST_DESCRIPTION} characters")
        if self.install_cmd is not None and (not self.install_cmd.strip() or "\0" in self.install_cmd):
            self._refuse("install_cmd", "must be a shell command or None")
        for requirement in self.requirements:
            if not requirement.strip() or requirement.lstrip().startswith("-") or not requirement.isprintable():
                self._refuse("requirements", f"{requirement!r} is no requirement, such as 'httpx>=0.27'")
        for package in self.system_packages:
            if not _PACKAGE.fullmatch(package):
                self._refuse("system_packages", f"{package!r} is no name of a Debian package")

    def _check_config(self) -> None:
        try:
            json.dumps(self.config, allow_nan=False)
        except (TypeError, ValueError) as error:
            self._refuse("config", f"can't be JSON: {error}")

    def _refuse(self, name: str, problem: str) -> NoReturn:
        raise ConfigError(f"skill {self.name!r}: {name} {problem}", skill=self.name, field=name)


def _check_files(skill: Skill) -> None:
    taken = {PurePosixPath("SKILL.md"), *([PurePosixPath(CONFIG_FILE)] if skill.config else [])}
    for name, text in skill.files.items():
        path = PurePosixPath(name)
        if not name or path.is_absolute() or ".." in path.parts or not path.parts or not name.isprintable():
            _refuse(skill, "files", f"{name!r} is not a relative path without '..'")
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            _refuse(skill, "files", f"{name!r} must hold a text")
        if clash := _clash(path, taken):
            _refuse(skill, "files", f"{name!r} can't stand beside {str(clash)!r}")
        taken.add(path)


def _clash(path: PurePosixPath, taken: Iterable[PurePosixPath]) -> PurePosixPath | None:
    return next((other for other in taken if path.is_relative_to(other) or other.is_relative_to(path)), None)


def _check_env(skill: Skill) -> None:
    for name, value in skill.env_vars.items():
        if not _VARIABLE.fullmatch(name) or name in _OURS or name.startswith(("ANTHROPIC_", "CLAUDE_CODE_")):
            _refuse(skill, "env_vars", f"{name!r} is no variable that a skill may set")
        if not isinstance(value, str) or "\0" in value:  # pyright: ignore[reportUnnecessaryIsInstance]
            _refuse(skill, "env_vars", f"{name} must be a text")
    if unknown := set(skill.plain_env) - skill.env_vars.keys():
        _refuse(skill, "plain_env", f"names {', '.join(sorted(unknown))}, which env_vars does not hold")
    for name, value in skill.secrets.items():
        if len(value) < LEAST_SECRET_CHARS:
            problem = f"{name} is too short for a secret ({LEAST_SECRET_CHARS} characters); is it one? If not, "
            _refuse(skill, "env_vars", f"{problem}name it in plain_env")


def _refuse(skill: Skill, name: str, problem: str) -> NoReturn:
    raise ConfigError(f"skill {skill.name!r}: {name}: {problem}", skill=skill.name, field=name)
