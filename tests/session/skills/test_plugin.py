"""What Claude is told: the plug-in folder."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from claudebox_rl.session.skills.plugin import make_plugin, skill_text
from claudebox_rl.session.skills.skill import Skill

SKILL = Skill(
    "herd",
    'Says "hi": #1 {yes}',
    files={"bin/run": "#!/bin/sh\n", "a.txt": "text"},
    config={"a": [1]},
    env_vars={"KEY": "secret-value"},
)


def test_the_front_matter_is_yaml_that_means_the_same() -> None:
    _, head, body = skill_text(SKILL).split("---\n", 2)
    assert yaml.safe_load(head) == {"name": "herd", "description": SKILL.description}
    for word in ("config.json", "skills/herd/bin/run", "$KEY"):
        assert word in body
    assert "secret-value" not in body


def test_the_folder_is_made_once(own_home: Path) -> None:
    folder = make_plugin([SKILL])
    assert json.loads((folder / ".claude-plugin/plugin.json").read_text())["name"] == "claudebox"
    assert json.loads((folder / "skills/herd/config.json").read_text()) == {"a": [1]}
    assert (folder / "skills/herd/bin/run").stat().st_mode & 0o777 == 0o755
    assert (folder / "skills/herd/a.txt").stat().st_mode & 0o777 == 0o644
    before = folder.stat().st_ino
    assert make_plugin([SKILL]) == folder
    assert folder.stat().st_ino == before
    assert make_plugin([SKILL, Skill("other", "x")]) != folder
    assert [path.name for path in folder.parent.iterdir() if "." in path.name] == []
