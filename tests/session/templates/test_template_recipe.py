"""Recipes: those of the repository are whole, and malformed ones are refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from claudebox_rl.errors import TemplateError
from claudebox_rl.session.templates import recipe as module
from claudebox_rl.session.templates.recipe import load_recipe, recipe_folder
from claudebox_rl.session.templates.template import SandboxTemplate

NAMES = [template.value for template in SandboxTemplate]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(recipe_folder(), tmp_path / "recipes")
    monkeypatch.setattr(module, "recipe_folder", lambda: tmp_path / "recipes")
    return tmp_path / "recipes"


def test_every_recipe_belongs_to_a_template() -> None:
    assert sorted(file.stem for file in recipe_folder().glob("*.toml")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_whole(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.about
    assert len(recipe.checks) >= 4
    for packages in (recipe.debian, recipe.npm, recipe.python):
        assert len(set(packages)) == len(packages)
    assert list(recipe.debian) == sorted(recipe.debian)


def test_a_key_changes_with_what_is_built(folder: Path) -> None:
    keys = {load_recipe("web_dev").key, load_recipe("mobile").key}
    recipe = (folder / "web_dev.toml").read_text()
    for changed in (recipe.replace('"jq"', '"jo"'), recipe.replace("[env]", '[env]\nMORE = "x"')):
        (folder / "web_dev.toml").write_text(changed)
        keys.add(load_recipe("web_dev").key)
    (folder / "install").write_text((folder / "install").read_text() + "\n# more\n")
    keys.add(load_recipe("web_dev").key)
    assert len(keys) == 5


def test_a_key_does_not_change_with_words_and_checks(folder: Path) -> None:
    before = load_recipe("web_dev")
    (folder / "web_dev.toml").write_text(
        (folder / "web_dev.toml")
        .read_text()
        .replace("about = ", "# why\nabout = ")
        .replace("node --version", "node -v")
    )
    after = load_recipe("web_dev")
    assert after.checks != before.checks
    assert after.key == before.key


def test_the_base_does_not_hang_on_the_installer(folder: Path) -> None:
    key = load_recipe("default").key
    (folder / "install").write_text("# another")
    assert load_recipe("default").key == key


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("about = ", "can't be read"),
        ('about = "a"', "[checks]"),
        ('about = "a"\nchecks = {a = "b"}\nbrew = ["x"]', "unknown keys: brew"),
        ('about = "a"\nchecks = {a = "b"}\nnpm = ["typescript"]', "npm: typescript has no fixed version"),
        ('about = "a"\nchecks = {a = "b"}\npython = ["pandas>=2"]', "python: pandas>=2 has no fixed version"),
        ('about = "a"\nchecks = {a = "b"}\ndebian = "curl"', "debian must be a list of strings"),
        ('about = "a"\nchecks = {a = 1}', "[checks] must hold strings"),
    ],
)
def test_a_malformed_recipe_is_refused(folder: Path, text: str, said: str) -> None:
    (folder / "mobile.toml").write_text(text)
    with pytest.raises(TemplateError) as caught:
        load_recipe("mobile")
    assert "mobile" in str(caught.value)
    assert said in str(caught.value)
