"""The real Claude Code CLI starts in a local sandbox: the filter and the folders leave it what it needs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from claudebox_rl.sandbox import Mount, SandboxSpec
from claudebox_rl.sandbox.local import LocalSandbox

pytestmark = pytest.mark.usefixtures("local_sandbox")
CLI = "/opt/claude-code/claude"
ENV = {
    "ANTHROPIC_API_KEY": "x",
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "IS_SANDBOX": "1",
}


def bundled_folder() -> Path:
    spec = find_spec("claude_agent_sdk")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "_bundled"


@pytest.fixture
async def box() -> AsyncIterator[LocalSandbox]:
    async with LocalSandbox(SandboxSpec(mounts=(Mount(bundled_folder(), "/opt/claude-code"),))) as sandbox:
        yield sandbox


async def test_it_says_its_version(box: LocalSandbox) -> None:
    result = await box.exec([CLI, "--version"], timeout_s=20)
    assert (result.exit_code, result.stderr) == (0, b"")
    assert result.text.endswith("(Claude Code)\n")


async def test_it_answers_the_control_protocol(box: LocalSandbox) -> None:
    request = {"type": "control_request", "request_id": "one", "request": {"subtype": "initialize"}}
    argv = [CLI, "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]
    async with await box.open_exec(argv, env=ENV, timeout_s=30) as stream:
        await stream.write_stdin(json.dumps(request).encode() + b"\n")
        said = b""
        async for chunk in stream:
            said += chunk.data
            if b"\n" in said:
                break
        answer = json.loads(said.partition(b"\n")[0])
        assert answer["type"] == "control_response"
        assert answer["response"]["subtype"] == "success"
        await stream.close_stdin()
        assert (await stream.wait()).exit_code == 0
