"""A template's image in a real micro-VM: built beforehand, since the lab has no network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from claudebox_rl.errors import TemplateError
from claudebox_rl.session.templates.check import check_template
from claudebox_rl.session.templates.image import get_template_image

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(7200)]
KEPT = os.environ.get("CLAUDEBOX_TEMPLATES") or str(Path("~/.cache/claudebox-lab/templates").expanduser())


async def test_the_tools_of_web_dev_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDEBOX_TEMPLATES", KEPT)
    try:
        get_template_image("web_dev")
    except TemplateError:
        pytest.skip(f"CLAUDEBOX_TEMPLATES={KEPT} claudebox-rl templates build web_dev makes what this needs")
    checks = [check async for check in check_template("web_dev", "boxlite")]
    assert len(checks) > 10
    assert [check for check in checks if not check.passed] == []
