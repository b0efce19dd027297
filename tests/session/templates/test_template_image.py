"""From a template's name, or any image, to what a sandbox boots."""

from __future__ import annotations

import os
from pathlib import Path

import gymnasium as gym
import pytest
from template_parts import MakeBuilt

from claudebox_rl import ClaudeBox, SandboxTemplate, get_template_description, get_template_image, list_templates
from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import ConfigError, TemplateError
from claudebox_rl.sandbox import sandbox_class
from claudebox_rl.session.machine import make_spec
from claudebox_rl.session.templates.image import with_template


@pytest.mark.parametrize("name", ["web_dev", "WEB_DEV", "web-dev", "Web-Dev", SandboxTemplate.WEB_DEV])
def test_a_name_in_any_spelling(make_built: MakeBuilt, name: str) -> None:
    built = make_built("web_dev")
    assert get_template_image(name) == str(built.image)


def test_what_is_not_built_names_the_command(templates: Path) -> None:
    with pytest.raises(TemplateError, match=r"web_dev is not built on this machine(.|\n)*templates build web_dev"):
        get_template_image("web_dev")


def test_an_ordinary_user_is_told_to_ask_root(templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(TemplateError) as caught:
        get_template_image("mobile")
    assert f'sudo env CLAUDEBOX_TEMPLATES="{templates}"' in str(caught.value)


@pytest.mark.parametrize(
    "image",
    [
        "python:3.12",
        "ghcr.io/boxlite-labs/claudebox-runtime:web-dev",
        "docker.io/library/python",
        "localhost:5000/a/b",
        "debian@sha256:" + "0" * 64,
    ],
)
def test_a_reference_is_just_that_image(image: str) -> None:
    assert get_template_image(image) == image


def test_a_layout_folder_is_just_that_image(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text("{}")
    assert get_template_image(str(tmp_path)) == str(tmp_path)


@pytest.mark.parametrize(
    "name", ["ubuntu", "web_dev2", "", "No such/image", "python:3.12;rm", "/no/such/folder", "~/no"]
)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(TemplateError):
        get_template_image(name)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(TemplateError, match="default, web_dev, data_science, security, devops, mobile"):
        get_template_image("webdev")
    with pytest.raises(TemplateError, match="known: default"):
        get_template_description("python:3.12")


def test_the_list() -> None:
    assert list(list_templates()) == ["DEFAULT", "WEB_DEV", "DATA_SCIENCE", "SECURITY", "DEVOPS", "MOBILE"]
    assert "TypeScript" in list_templates()["WEB_DEV"]
    assert get_template_description("web-dev") == list_templates()["WEB_DEV"]


def test_the_machine_gets_the_template_s_image(make_built: MakeBuilt) -> None:
    built = make_built("devops")
    config = with_template(SandboxConfig(name="boxlite"), "DevOps")
    assert make_spec(sandbox_class("boxlite"), config, None, (), None).image == str(built.image)


def test_an_image_and_a_template_are_one_too_many(make_built: MakeBuilt) -> None:
    make_built("devops")
    with pytest.raises(ConfigError, match="not both"):
        with_template(SandboxConfig(image="python:3.12"), "devops")
    with pytest.raises(ConfigError, match="give one"):
        with_template(SandboxConfig(template="web_dev"), "devops")


def test_a_session_is_refused_before_anything_starts(templates: Path) -> None:
    for keywords in ({"template": SandboxTemplate.MOBILE}, {"sandbox": {"template": "mobile"}}):
        with pytest.raises(TemplateError, match="not built"):
            ClaudeBox(**keywords)
    with pytest.raises(TemplateError, match="unknown template"):
        ClaudeBox(template="mobil")


def test_an_environment_is_refused_before_anything_starts(templates: Path) -> None:
    with pytest.raises(TemplateError, match="not built"):
        gym.make("claudebox_rl:ClaudeBox-v0", actor=False, template="mobile")


def test_settings_of_an_environment_are_json(make_built: MakeBuilt) -> None:
    make_built("mobile")
    env = gym.make("claudebox_rl:ClaudeBox-v0", actor=False, template="mobile", disable_env_checker=True)
    assert env.unwrapped.settings.as_json()["sandbox"]["template"] == "mobile"
    assert type(env.unwrapped.settings.sandbox.template) is str
