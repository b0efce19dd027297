"""What a skill may be."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest

from claudebox_rl.errors import ConfigError
from claudebox_rl.session.skills.skill import Skill


def test_the_order_of_arguments_is_claudeboxs() -> None:
    skill = Skill("n", "d", "true", {"a": 1}, {"f.txt": "x"}, ["six"], {"KEY": "secret-value"}, ["jq"])
    assert skill.install_cmd == "true"
    assert (skill.config, skill.files, skill.requirements) == ({"a": 1}, {"f.txt": "x"}, ("six",))
    assert (skill.env_vars, skill.system_packages) == ({"KEY": "secret-value"}, ("jq",))


def test_it_is_frozen_copied_hashable_and_picklable() -> None:
    config = {"a": 1}
    skill = Skill("n", "d", config=config, env_vars={"KEY": "secret-value"})
    config["a"] = 2
    assert skill.config == {"a": 1}
    assert pickle.loads(pickle.dumps(skill)) == skill
    assert hash(skill) == hash(dataclasses.replace(skill))
    with pytest.raises(dataclasses.FrozenInstanceError):
        skill.name = "other"  # pyright: ignore[reportAttributeAccessIssue]


def test_secrets_are_not_in_its_repr() -> None:
    assert "secret-value" not in repr(Skill("n", "d", env_vars={"KEY": "secret-value"}))


def test_all_variables_are_secret_but_those_declared_plain() -> None:
    skill = Skill("n", "d", env_vars={"KEY": "secret-value", "PORT": "5432"}, plain_env=["PORT"])
    assert skill.secrets == {"KEY": "secret-value"}
    assert skill.with_env(KEY="another-value").secrets == {"KEY": "another-value"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "../x"}, "name"),
        ({"name": "a" * 65}, "name"),
        ({"description": " "}, "description"),
        ({"description": "two\nlines"}, "description"),
        ({"install_cmd": "  "}, "install_cmd"),
        ({"requirements": "six"}, "must be a list"),
        ({"requirements": ["--index-url=http://x"]}, "requirement"),
        ({"requirements": ["six\n-r /etc/passwd"]}, "requirement"),
        ({"system_packages": ["jq; reboot"]}, "Debian package"),
        ({"system_packages": ["-oDir=x"]}, "Debian package"),
        ({"files": {"../x": ""}}, r"without '\.\.'"),
        ({"files": {"/etc/x": ""}}, "relative path"),
        ({"files": {"a\0b": ""}}, "relative path"),
        ({"files": {"SKILL.md": ""}}, "beside"),
        ({"files": {"a": "", "a/b": ""}}, "beside"),
        ({"files": {"config.json": ""}, "config": {"a": 1}}, "beside"),
        ({"config": {"a": float("nan")}}, "JSON"),
        ({"config": {"a": object()}}, "JSON"),
        ({"env_vars": {"A B": "secret-value"}}, "variable"),
        ({"env_vars": {"PATH": "/secret-value"}}, "variable"),
        ({"env_vars": {"ANTHROPIC_API_KEY": "secret-value"}}, "variable"),
        ({"env_vars": {"KEY": "a\0secret"}}, "KEY"),
        ({"env_vars": {"PORT": "5432"}}, "plain_env"),
        ({"plain_env": ["PORT"]}, "PORT"),
    ],
)
def test_a_malformed_field_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Skill(**{"name": "n", "description": "d"} | fields)
