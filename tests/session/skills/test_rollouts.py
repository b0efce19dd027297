"""Skills where environments and rollouts name them."""

from __future__ import annotations

from pathlib import Path

import pytest
from skill_parts import NUMBERS

from claudebox_rl.cli.schema import load_config
from claudebox_rl.config import AgentConfig, ModelConfig, SandboxConfig
from claudebox_rl.env.settings import make_settings
from claudebox_rl.errors import ConfigError, SkillNotFoundError
from claudebox_rl.session.preflight import preflight
from claudebox_rl.session.skills.store import all_layers
from claudebox_rl.tasks import find_tasks


def test_an_environment_takes_names() -> None:
    said = {"seat": "user", "model": "oracle", "agent": "claude", "sandbox": "local", "max_steps": 1}
    assert make_settings(**said, skills=["api"]).skills == ("api",)
    assert make_settings(**said).as_json()["skills"] == ()
    with pytest.raises(SkillNotFoundError, match="unknown skill 'sql'"):
        make_settings(**said, skills=["sql"])
    with pytest.raises(ConfigError, match="module:SKILL"):
        make_settings(**said, skills=[NUMBERS])  # pyright: ignore[reportArgumentType]


def test_a_rollout_takes_names() -> None:
    assert load_config([]).skills == []
    assert load_config(["skills=[api,postgres]"]).skills == ["api", "postgres"]


async def test_a_rollout_installs_before_it_begins(local_sandbox: str, wheels: Path, own_home: Path) -> None:
    sandbox, tasks = SandboxConfig(name=local_sandbox), find_tasks("quickstart/fix-bug")
    await preflight(sandbox, ModelConfig(), AgentConfig(), tasks, ["skill_parts:NUMBERS"])
    assert [layer.skill for layer in all_layers()] == ["numbers"]
    with pytest.raises(SkillNotFoundError):
        await preflight(sandbox, ModelConfig(), AgentConfig(), tasks, ["sql"])
