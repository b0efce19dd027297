from __future__ import annotations

from pathlib import Path

import pytest
from template_parts import MakeBuilt, make_empty


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of built templates."""
    monkeypatch.setenv("CLAUDEBOX_TEMPLATES", str(tmp_path / "templates"))
    return tmp_path / "templates"


@pytest.fixture
def make_built(templates: Path) -> MakeBuilt:
    return make_empty
