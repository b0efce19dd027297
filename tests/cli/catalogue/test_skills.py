"""`claudebox-rl skills`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from claudebox_rl.cli.main import main

sys.path.insert(0, str(Path(__file__).parents[2] / "session" / "skills"))
from skill_parts import write_wheel


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "wheels").mkdir()
    write_wheel(tmp_path / "wheels")
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return tmp_path / "home"


def test_it_lists_what_there_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["skills", "list"]) == 0
    assert "postgres" in capsys.readouterr().out
    assert main(["skills", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"name", "description", "layers"} == set(listed[0])
    assert all(each["layers"] == [] for each in listed)


def test_it_shows_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["skills", "show", "postgres"]) == 0
    said = capsys.readouterr().out
    assert "Debian packages: postgresql-client" in said
    assert 'name: "postgres"' in said
    assert main(["skills", "show", "sql"]) == 2
    assert "unknown skill 'sql'; known: api" in capsys.readouterr().err


def test_it_installs_and_cleans(home: Path, local_sandbox: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["skills", "install", "skill_parts:NUMBERS", "--sandbox", local_sandbox]) == 0
    assert "numbers: 1 Python and 0 Debian packages" in capsys.readouterr().out
    assert main(["skills", "list", "--json"]) == 0
    (numbers,) = [each for each in json.loads(capsys.readouterr().out) if each["name"] == "numbers"]
    (layer,) = numbers["layers"]
    assert layer["python"] == ["zebra-counter==1.2.3"]
    assert layer["size_bytes"] > 0
    assert Path(layer["path"]).is_dir()
    assert main(["skills", "clean", "redis"]) == 0
    assert "0 installed skills removed" in capsys.readouterr().out
    assert main(["skills", "clean"]) == 0
    assert "1 installed skills removed" in capsys.readouterr().out
    assert not Path(layer["path"]).exists()


def test_what_can_t_be_installed(home: Path, local_sandbox: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["skills", "install", "skill_parts:NUMBERS", "--sandbox", "unsafe"]) == 2
    assert "sandbox=unsafe can't keep away from this host" in " ".join(capsys.readouterr().err.split())
    (home.parent / "wheels/zebra_counter-1.2.3-py3-none-any.whl").unlink()
    assert main(["skills", "install", "skill_parts:NUMBERS", "--sandbox", local_sandbox]) == 2
    assert "zebra-counter" in capsys.readouterr().err
