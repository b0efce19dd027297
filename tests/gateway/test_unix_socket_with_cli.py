"""The unmodified CLI finds the gateway by the path of a Unix socket, on the host and in a sandbox."""

from __future__ import annotations

import json

import httpx
import pytest
from gateway_parts import Agent

from claudebox_rl.agent import Endpoint
from claudebox_rl.agent.claude_command import MOUNT_TARGET, cli_mount, environment
from claudebox_rl.config import AgentConfig
from claudebox_rl.gateway import Gateway, make_upstream
from claudebox_rl.sandbox import Mount, SandboxSpec, sandbox_class

NOWHERE = "http://127.0.0.1:1"
SCRIPT = [{"tools": [{"name": "Bash", "input": {"command": "echo over the socket > said"}}]}, {"text": "done"}]
INSIDE = "/opt/gateway"


@pytest.fixture
async def gateway(tmp_path):
    folder = tmp_path / "shown"
    folder.mkdir()
    served = Gateway(socket_path=folder / "gateway.sock", socket_mode=0o666)
    await served.start()
    yield served
    await served.stop()


async def test_on_the_host(gateway, run_cli):
    episode = gateway.open_episode("e", make_upstream("scripted", {"script": SCRIPT}))
    async with httpx.AsyncClient() as client:
        run = await run_cli(
            Agent(gateway, episode, client),
            ANTHROPIC_UNIX_SOCKET=str(gateway.socket_path),
            ANTHROPIC_BASE_URL=f"{NOWHERE}{episode.path}",
        )
    assert (run.result["is_error"], run.result["result"]) == (False, "done")
    assert [call.status for call in episode.calls] == [200, 200]


async def test_in_a_sandbox_that_is_shown_the_socket_s_folder(gateway, local_sandbox):
    episode = gateway.open_episode("e", make_upstream("scripted", {"script": SCRIPT}))
    endpoint = Endpoint(f"{NOWHERE}{episode.path}", episode.secret, episode.upstream.model)
    env = environment(endpoint, AgentConfig()) | {"ANTHROPIC_UNIX_SOCKET": f"{INSIDE}/gateway.sock"}
    flags = "-p --output-format json --permission-mode bypassPermissions --model m go"
    mounts = (cli_mount(), Mount(gateway.socket_path.parent, INSIDE))
    async with sandbox_class(local_sandbox)(SandboxSpec(mounts=mounts)) as sandbox:
        ran = await sandbox.exec([f"{MOUNT_TARGET}/claude", *flags.split()], env=env, timeout_s=60)
        said = await sandbox.read_file("/workspace/said")
    assert ran.exit_code == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout)["result"] == "done"
    assert said == b"over the socket\n"
    assert [call.status for call in episode.calls] == [200, 200]
