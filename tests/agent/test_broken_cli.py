"""A CLI that the real one can't be made to be: one that does not start, and one that prints garbage."""

from __future__ import annotations

from pathlib import Path

import pytest

from claudebox_rl import ClaudeBox, run_episode
from claudebox_rl.agent import claude
from claudebox_rl.agent.claude_command import MOUNT_TARGET
from claudebox_rl.env.base import ClaudeBoxEnv
from claudebox_rl.errors import AgentError
from claudebox_rl.sandbox import Mount
from claudebox_rl.types import Failure, Outcome

ANSWER = '{"type":"control_response","response":{"subtype":"success","request_id":"%s","response":{}}}'
HANDSHAKE = f"""
read -r line
id=$(printf '%s' "$line" | sed 's/.*"request_id": "\\([0-9a-f]*\\)".*/\\1/')
printf '{ANSWER}\\n' "$id"
read -r line
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def put(script: str) -> None:
        tmp_path.chmod(0o755)
        program = tmp_path / "claude"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(claude, "cli_mount", lambda: Mount(tmp_path, MOUNT_TARGET))

    return put


async def test_a_cli_that_does_not_start_says_what_it_wrote(local_sandbox: str, install) -> None:
    install("echo 'no such library' >&2; exit 3")
    with pytest.raises(AgentError, match="exit code 3; it wrote: no such library"):
        await ClaudeBox(model="nop", sandbox=local_sandbox).open()


async def test_a_cli_that_never_answers_is_given_up(
    local_sandbox: str, install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("exec sleep 100")
    monkeypatch.setattr(claude, "_HANDSHAKE_S", 0.5)
    with pytest.raises(AgentError, match="did not answer its handshake"):
        await ClaudeBox(model="nop", sandbox=local_sandbox).open()


@pytest.mark.parametrize("garbage", ["Segmentation fault", "{}", '{"type": "result"}'])
async def test_a_malformed_stream_is_told_apart(local_sandbox: str, install, garbage: str) -> None:
    install(f"{HANDSHAKE} echo '{garbage}'; sleep 100")
    async with ClaudeBox(model="nop", sandbox=local_sandbox) as box:
        result = await box.code("go")
    assert (result.success, result.failure) == (False, Failure.MALFORMED)
    assert "not its protocol" in (result.error or "")


async def test_an_end_without_a_result_is_a_crash(local_sandbox: str, install) -> None:
    install(f"{HANDSHAKE} exit 0")
    async with ClaudeBox(model="nop", sandbox=local_sandbox) as box:
        result = await box.code("go")
    assert (result.failure, result.exit_code) == (Failure.CRASH, 0)


def test_as_episodes(local_sandbox: str, install) -> None:
    env = ClaudeBoxEnv(task="quickstart/fix-bug", model="nop", sandbox=local_sandbox, actor=False)
    install("exit 3")
    never_started = run_episode(env)
    install(f"{HANDSHAKE} exit 0")
    crashed = run_episode(env)
    env.close()
    assert (never_started.outcome, never_started.episode_return) == (Outcome.INFRA_ERROR, None)
    assert (crashed.outcome, crashed.episode_return, crashed.num_steps) == (Outcome.AGENT_ERROR, 0.0, 1)
