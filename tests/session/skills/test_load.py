"""Skills in sessions, with the real CLI: installed once, told to Claude, usable."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest
from skill_parts import NUMBERS, bash, said, scripted, write_wheel

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import ConfigError, SkillInstallationError
from claudebox_rl.session.skills.skill import Skill
from claudebox_rl.session.skills.store import all_layers

HERD = Skill(
    "herd",
    "Says where the zebras graze",
    files={"bin/where.sh": "#!/bin/sh\necho by the river\n", "notes/rain.txt": "none\n"},
    config={"river": "Mara"},
    instructions="Run `where.sh`.",
)


async def test_a_skill_is_installed_once_and_used(
    local_sandbox: str, wheels: Path, own_home: Path, caplog: Any
) -> None:
    caplog.set_level(logging.INFO, "claudebox_rl")
    use = "zebras; python3 -c 'import zebra_counter; print(zebra_counter.__file__)'"
    result = await said(use, sandbox=local_sandbox, skills=[NUMBERS])
    assert result.action_log[0].output == "zebras 1.2.3\n/opt/claudebox/skills/numbers/python/zebra_counter.py"
    (layer,) = all_layers()
    assert (layer.skill, layer.python, layer.root["kind"]) == ("numbers", ("zebra-counter==1.2.3",), "host")
    assert "skill numbers: == installing zebra-counter" in caplog.text
    # What is installed stays, also where nothing could be installed any more.
    (wheels / "zebra_counter-1.2.3-py3-none-any.whl").unlink()
    started = time.monotonic()
    result = await said("zebras", sandbox=local_sandbox, skills=[NUMBERS])
    assert result.action_log[0].output == "zebras 1.2.3"
    assert time.monotonic() - started < 30
    assert len(list(all_layers())) == 1


async def test_claude_is_told_and_takes_it_up(local_sandbox: str, own_home: Path) -> None:
    turns = [
        {"tools": [{"name": "Skill", "input": {"skill": "claudebox:herd"}}]},
        bash("/opt/claudebox/plugin/skills/herd/bin/where.sh; cat /opt/claudebox/plugin/skills/herd/config.json"),
    ]
    async with scripted(*turns, sandbox=local_sandbox, skills=[HERD]) as box:
        result = await box.code("where?")
        first, second, *_ = box.take_model_calls()
    assert "- claudebox:herd: Says where the zebras graze" in json.dumps(first.request["messages"])
    assert "Skill" in [tool["name"] for tool in first.request["tools"]]
    told = json.dumps(second.request["messages"])
    assert "Run `where.sh`." in told
    assert "/opt/claudebox/plugin/skills/herd/notes/rain.txt" in told
    taken_up, used = result.action_log
    assert not taken_up.is_error
    assert "by the river" in used.output
    assert '"river": "Mara"' in used.output


async def test_no_skill_changes_nothing_of_what_is_asked(local_sandbox: str) -> None:
    async with scripted(sandbox=local_sandbox) as box:
        await box.code("hello")
        (call,) = box.take_model_calls()
    assert "Skill" not in [tool["name"] for tool in call.request["tools"]]


async def test_nothing_of_a_skill_can_be_changed_from_inside(local_sandbox: str, wheels: Path, own_home: Path) -> None:
    paths = "/opt/claudebox/skills/numbers/python/zebra_counter.py /opt/claudebox/plugin/skills/herd/SKILL.md"
    use = f"for f in {paths}; do echo bad >> $f; done; echo tried"
    result = await said(use, sandbox=local_sandbox, skills=[NUMBERS, HERD])
    (call,) = result.action_log
    # Whose files they are comes before what they lie on.
    assert call.output.count("Permission denied") + call.output.count("Read-only file system") == 2


async def test_an_install_cmd_adds_programs_and_packages(local_sandbox: str, wheels: Path, own_home: Path) -> None:
    command = 'mkdir "$CLAUDEBOX_SKILL/bin"; echo "echo hi" > "$CLAUDEBOX_SKILL/bin/greet"; '
    command += 'chmod +x "$CLAUDEBOX_SKILL/bin/greet"; pip3 install zebra-counter'
    result = await said("greet; zebras", sandbox=local_sandbox, skills=[Skill("greet", "Greet", command)])
    assert result.action_log[0].output == "hi\nzebras 1.2.3"


async def test_a_broken_install_says_so_and_leaves_nothing(local_sandbox: str, own_home: Path) -> None:
    broken = Skill("broken", "Breaks", "echo the dog ate it >&2; exit 7")
    with pytest.raises(SkillInstallationError, match=r"(?s)skill 'broken'.*the dog ate it.*exit code 7") as caught:
        await ClaudeBox(agent="nop", sandbox=local_sandbox, skills=[broken]).open()
    assert caught.value.context["skill"] == "broken"
    assert [path.suffix for path in (own_home / "skills/layers").iterdir()] == [".lock"]
    assert not list((own_home / "machines").glob("local-*"))


async def test_what_is_not_cached_and_not_to_be_had(local_sandbox: str, wheels: Path, own_home: Path) -> None:
    absent = Skill("absent", "Is nowhere", requirements=["no-such-zebra"])
    with pytest.raises(SkillInstallationError, match=r"(?s)no-such-zebra.*claudebox-rl skills install absent"):
        await ClaudeBox(agent="nop", sandbox=local_sandbox, skills=[absent]).open()


async def test_two_versions_of_one_package_are_told(
    local_sandbox: str, wheels: Path, own_home: Path, caplog: Any
) -> None:
    write_wheel(wheels, version="2.0.0")
    old = Skill("old", "Old zebras", requirements=["zebra-counter==1.2.3"])
    result = await said("zebras", sandbox=local_sandbox, skills=[old, NUMBERS])
    assert result.action_log[0].output == "zebras 1.2.3"
    assert "zebra-counter is 1.2.3 of skill old, not 2.0.0 of numbers" in caplog.text


async def test_what_a_backend_can_t_keep_from_the_host() -> None:
    with pytest.raises(ConfigError, match=r"skill 'numbers' needs an installation.*sandbox=unsafe"):
        await ClaudeBox(agent="nop", sandbox="unsafe", skills=[NUMBERS]).open()


async def test_two_skills_that_set_one_variable(local_sandbox: str) -> None:
    one, two = (Skill(name, "x", env_vars={"KEY": f"secret-{name}"}) for name in ("one", "two"))
    with pytest.raises(ConfigError, match="'one' and 'two' set KEY differently"):
        await ClaudeBox(agent="nop", sandbox=local_sandbox, skills=[one, two]).open()
