"""The real CLI in longer conversations."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from capture_parts import converse
from gateway_parts import Agent

FLAGS = (
    "-p --verbose --input-format stream-json --output-format stream-json --permission-mode bypassPermissions "
    "--tools Bash,Agent --setting-sources="
)


@pytest.fixture
def talk(tmp_path: Path) -> Callable[..., Any]:
    """Runs the unmodified CLI against an episode, prompt after prompt; returns the results."""
    spec = importlib.util.find_spec("claude_agent_sdk")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    binary = Path(spec.submodule_search_locations[0]) / "_bundled" / "claude"

    async def run(agent: Agent, *prompts: str, **env: str) -> list[dict[str, Any]]:
        places = {name: tmp_path / name for name in ("workspace", "home")}
        for place in places.values():
            place.mkdir(exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(places["home"]),
            "IS_SANDBOX": "1",
            "ANTHROPIC_BASE_URL": agent.url(""),
            "ANTHROPIC_API_KEY": agent.episode.secret,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
            "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
            **env,
        }
        flags = [*FLAGS.split(), "--model", agent.episode.upstream.model]
        return await converse(binary, flags, environment, places["workspace"], prompts)

    return run
