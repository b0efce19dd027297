"""`claudebox-rl templates`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claudebox_rl.cli.main import main


@pytest.fixture(autouse=True)
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDEBOX_TEMPLATES", str(tmp_path / "templates"))
    return tmp_path / "templates"


def test_the_list(templates: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = templates / f"web_dev-{'0' * 16}"
    old.mkdir(parents=True)
    assert main(["templates", "list"]) == 0
    said = capsys.readouterr().out
    assert said.count("not built") == 6
    assert f"of an older recipe: {old}" in said


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["default", "web_dev", "data_science", "security", "devops", "mobile"]
    assert not any(row["built"] for row in rows)


@pytest.mark.parametrize("deed", ["build", "check"])
def test_a_wrong_name_is_refused_before_anything_is_built(
    deed: str, templates: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["templates", deed, "web_dev", "webdev"]) == 2
    assert "unknown template 'webdev'; known: default, web_dev" in capsys.readouterr().err
    assert not templates.exists()


def test_what_is_not_built_can_not_be_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "check", "web_dev", "--sandbox", "local"]) == 2
    assert "claudebox-rl templates build web_dev" in capsys.readouterr().err.replace(
        '"$(command -v claudebox-rl)"', "claudebox-rl"
    )


def test_a_rollout_with_a_template_that_is_not_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for override in ("template=web_dev", "sandbox.template=web_dev"):
        assert main(["rollout", f"out={tmp_path}/data", "sandbox=local", override]) == 2
        assert "template web_dev is not built on this machine" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_the_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["templates", "--help"])
    said = capsys.readouterr().out
    assert "claudebox-rl templates build web_dev" in said
    assert "debootstrap umoci" in said
