"""Skills on real micro-VMs: installed inside a box that has no network but the door, and used by the real CLI."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from claudebox_rl import ClaudeBox, Skill
from claudebox_rl.session.skills.store import all_layers

sys.path.insert(0, str(Path(__file__).parents[1] / "session" / "skills"))
from skill_parts import NUMBERS, bash, write_wheel

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(1800)]
IMAGE = os.environ.get("CLAUDEBOX_LAB_IMAGE", "")
BOX = {"name": "boxlite", "image": IMAGE, "memory_mib": 1024, "start_timeout_s": 480.0}
VALUE = "secret-of-zebras"
HERD = Skill("herd", "Where zebras graze", files={"where.txt": "by the river\n"}, env_vars={"HERD_KEY": VALUE})


async def test_a_skill_is_installed_in_a_box_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path / "home"))
    # Beside the home, not around it: a box sees all below a read-only folder read-only.
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    write_wheel(wheels)
    use = "zebras; cat /opt/claudebox/plugin/skills/herd/where.txt; echo $HERD_KEY; "
    use += "touch /opt/claudebox/skills/numbers/x || echo refused"
    script = [{"tools": [{"name": "Skill", "input": {"skill": "claudebox:herd"}}]}, bash(use), {"text": "done"}]
    model = {"upstream": "scripted", "options": {"script": script}}
    async with ClaudeBox(model=model, sandbox=BOX, skills=[NUMBERS, HERD]) as box:
        result = await box.code("where?", timeout_s=600)
    assert result.success, result.error
    assert not result.action_log[0].is_error
    assert result.action_log[1].output.startswith("zebras 1.2.3\nby the river\n***HERD_KEY***\n")
    assert "refused" in result.action_log[1].output
    (layer,) = all_layers()
    assert (layer.root["kind"], layer.python) == ("layout", ("zebra-counter==1.2.3",))
