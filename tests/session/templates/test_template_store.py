"""Built templates on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from template_parts import MakeBuilt

from claudebox_rl.errors import TemplateError
from claudebox_rl.session.templates.recipe import load_recipe
from claudebox_rl.session.templates.store import find_built, find_outdated, layout_of, templates_dir, turn

RECIPE = load_recipe("security")


def test_what_was_committed_is_found(make_built: MakeBuilt) -> None:
    built = make_built("security")
    assert find_built(RECIPE) == built
    assert built.packages == {"npm": {"typescript": "5"}}
    assert built.num_bytes == (built.image / "index.json").stat().st_size


def test_a_builder_that_fails_leaves_nothing(templates: Path) -> None:
    def fail() -> None:
        with turn(RECIPE, lambda step: None) as partial:
            layout_of(partial).mkdir()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert find_built(RECIPE) is None
    assert [path.name for path in templates.iterdir()] == ["security.lock"]


def test_what_a_killed_builder_left_is_cleared(templates: Path) -> None:
    (templates / "security.partial" / "image").mkdir(parents=True)
    (templates / "security.partial" / "image" / "index.json").write_text("{}")
    assert find_built(RECIPE) is None
    with turn(RECIPE, lambda step: None) as partial:
        assert list(partial.iterdir()) == []


def test_a_damaged_folder_is_not_built_and_replaced(make_built: MakeBuilt) -> None:
    built = make_built("security")
    (built.folder / "template.json").write_text("{")
    assert find_built(RECIPE) is None
    assert make_built("security").folder == built.folder
    assert find_built(RECIPE) is not None


def test_an_older_recipe_s_build_is_outdated(make_built: MakeBuilt) -> None:
    built = make_built("security")
    old = built.folder.rename(built.folder.with_name(f"security-{'0' * 16}"))
    assert find_built(RECIPE) is None
    assert find_outdated(RECIPE) == [old]
    make_built("security")
    assert find_outdated(RECIPE) == [old]


def test_builders_take_turns(templates: Path) -> None:
    script = """
from claudebox_rl.session.templates.recipe import load_recipe
from claudebox_rl.session.templates.store import turn
with turn(load_recipe("security"), print):
    print("mine", flush=True)
"""
    with turn(RECIPE, lambda step: None) as partial:
        (partial / "theirs").write_text("")
        other = subprocess.Popen([sys.executable, "-uc", script], stdout=subprocess.PIPE, text=True)
        assert other.stdout is not None
        assert other.stdout.readline() == "another process is building it: waiting\n"
        assert (partial / "theirs").exists()
    assert other.communicate(timeout=30)[0] == "mine\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes folders for others")
def test_what_root_makes_in_a_user_s_folder_is_the_user_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(tmp_path, 12345, 12346)
    monkeypatch.setenv("CLAUDEBOX_TEMPLATES", str(tmp_path / ".claudebox" / "templates"))
    with turn(RECIPE, print):
        for folder in (tmp_path / ".claudebox", tmp_path / ".claudebox" / "templates"):
            assert (folder.stat().st_uid, folder.stat().st_gid) == (12345, 12346)


def test_a_folder_that_can_not_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CLAUDEBOX_TEMPLATES", str(tmp_path / "file" / "below"))
    assert templates_dir() == tmp_path / "file" / "below"
    with pytest.raises(TemplateError, match="CLAUDEBOX_TEMPLATES names another folder"), turn(RECIPE, print):
        pass
