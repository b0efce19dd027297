"""Skills by name."""

from __future__ import annotations

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import ConfigError, SkillError, SkillNotFoundError
from claudebox_rl.session.skills import registry
from claudebox_rl.session.skills.registry import SkillRegistry, find_skills, get_skill, list_skills, register_skill
from claudebox_rl.session.skills.skill import Skill

NAMES = ["api", "aws", "data_science", "docker", "email", "mysql", "postgres", "redis", "scraping"]
MINE = Skill("mine", "Mine")
NO_SKILL = "text"


def test_nine_are_built_in() -> None:
    assert set(NAMES) <= set(list_skills())
    assert [get_skill(name).name for name in NAMES] == NAMES


def test_a_miss_names_the_known() -> None:
    with pytest.raises(SkillNotFoundError, match=r"unknown skill 'sql'; known: api, aws.*module:SKILL"):
        get_skill("sql")


def test_registering_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registry", SkillRegistry())
    register_skill(MINE)
    assert (get_skill("mine"), list_skills()) == (MINE, ["mine"])
    with pytest.raises(ConfigError, match="registered already"):
        register_skill(Skill("mine", "Another"))


def test_unregistering() -> None:
    own = SkillRegistry([MINE])
    own.unregister("mine")
    own.unregister("mine")
    assert own.list_available() == []


def test_a_module_and_an_attribute() -> None:
    assert get_skill("test_skill_registry:MINE") == MINE
    with pytest.raises(SkillError, match="no Skill"):
        get_skill("test_skill_registry:NO_SKILL")
    with pytest.raises(SkillError, match="can't import"):
        get_skill("test_skill_registry:ABSENT")


def test_what_a_user_gives() -> None:
    assert [skill.name for skill in find_skills(["api", MINE])] == ["api", "mine"]
    with pytest.raises(ConfigError, match="'api' stands there twice"):
        find_skills(["api", "redis", get_skill("api")])
    with pytest.raises(ConfigError, match="twice"):
        find_skills([MINE, Skill("mine", "Another")])
    with pytest.raises(ConfigError, match=r"give \['api'\]"):
        find_skills("api")
    with pytest.raises(ConfigError, match="names and Skill objects"):
        find_skills([1])  # pyright: ignore[reportArgumentType]


def test_a_session_refuses_an_unknown_one_before_anything_starts() -> None:
    with pytest.raises(SkillNotFoundError, match="unknown skill 'sql'"):
        ClaudeBox(skills=["sql"])
