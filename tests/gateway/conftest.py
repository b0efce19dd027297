"""Real sockets and the real CLI for the gateway's tests."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from gateway_parts import Agent, CliRun, StandIn

from claudebox_rl.config import BudgetConfig
from claudebox_rl.gateway import Gateway, Upstream, make_upstream
from claudebox_rl.gateway.lane import LaneSettings

ONE_TRY = LaneSettings(max_retries=0)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    served = Gateway()
    await served.start()
    yield served
    await served.stop()


@pytest.fixture
async def enter(gateway: Gateway) -> AsyncIterator[Callable[..., Agent]]:
    """Opens an episode over an upstream, or over the name and options of one; its server is asked once a call."""
    async with httpx.AsyncClient(timeout=10) as client:
        count = 0

        def open_(
            upstream: Upstream | str = "nop",
            *,
            lane: LaneSettings = ONE_TRY,
            budget: BudgetConfig | None = None,
            **options: Any,
        ) -> Agent:
            nonlocal count
            count += 1
            made = make_upstream(upstream, options) if isinstance(upstream, str) else upstream
            return Agent(gateway, gateway.open_episode(f"episode-{count}", made, lane=lane, budget=budget), client)

        yield open_


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    place = StandIn()
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(place.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    place.port = server.sockets[0].getsockname()[1]
    yield place
    server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await server.wait_closed()


@pytest.fixture
def run_cli(tmp_path: Path) -> Callable[..., Any]:
    """Runs the unmodified CLI against an episode until its prompt is answered."""
    spec = importlib.util.find_spec("claude_agent_sdk")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    binary = Path(spec.submodule_search_locations[0]) / "_bundled" / "claude"

    async def run(agent: Agent, prompt: str = "Solve the task.", **env: str) -> CliRun:
        workspace, home = tmp_path / "workspace", tmp_path / "home"
        workspace.mkdir(exist_ok=True)
        home.mkdir(exist_ok=True)
        flags = "-p --output-format stream-json --verbose --permission-mode bypassPermissions --setting-sources"
        argv = [*flags.split(), "", "--tools", "Bash,Read,Write,Edit", "--model", agent.episode.upstream.model, prompt]
        process = await asyncio.create_subprocess_exec(
            binary,
            *argv,
            cwd=workspace,
            env=_environment(agent, home) | env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), 60)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return CliRun([json.loads(line) for line in output.splitlines()], process.returncode, workspace)

    return run


def _environment(agent: Agent, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "IS_SANDBOX": "1",
        "ANTHROPIC_BASE_URL": agent.url(""),
        "ANTHROPIC_API_KEY": agent.episode.secret,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    }
