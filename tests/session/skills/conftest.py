from __future__ import annotations

import os
from pathlib import Path

import pytest
from skill_parts import write_wheel


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all that pip may take from."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    write_wheel(folder)
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return folder


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without layers."""
    home = tmp_path / "home"
    monkeypatch.setenv("CLAUDEBOX_HOME", str(home))
    return home


@pytest.fixture
def skills_home(home_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with room for what is downloaded: `$CLAUDEBOX_SKILLS_HOME`, else this run's own."""
    home = Path(os.environ.get("CLAUDEBOX_SKILLS_HOME", home_folder))
    monkeypatch.setenv("CLAUDEBOX_HOME", str(home))
    return home
