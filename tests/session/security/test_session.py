"""Sessions under a policy: the real CLI, a scripted model that tries what it may not, and a real sandbox."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from claudebox_rl import ClaudeBox, CodeResult, SecurityPolicy
from claudebox_rl.errors import ConfigError

Call = tuple[str, dict[str, Any]]


def bash(command: str) -> Call:
    return "Bash", {"command": command}


async def play(policy: str | SecurityPolicy | None, calls: list[Call]) -> CodeResult:
    turns = [{"tools": [{"name": name, "input": given}]} for name, given in calls]
    model = {"upstream": "scripted", "options": {"script": [*turns, {"text": "done"}]}}
    async with ClaudeBox(model=model, sandbox="local", security_policy=policy) as session:
        result = await session.code("go", max_turns=100)
    assert result.success, result.error
    return result


async def test_the_network_is_the_sandboxs(local_sandbox: str) -> None:
    fetch = bash("curl -sS --max-time 5 http://x.evil.test/; true")
    for policy, words in (
        (SecurityPolicy(network_access="restricted"), "allowed_hosts"),
        (SecurityPolicy(blocked_domains=("*.evil.test",)), "blocked_hosts"),
    ):
        result = await play(policy, [fetch])
        assert [words in each.reason for each in result.refused] == [True]
    result = await play(SecurityPolicy(network_access="none"), [fetch])
    assert "curl: (6)" in result.action_log[-1].output
    assert (await play("unrestricted", [fetch])).refused == ()


async def test_a_readonly_workspace_is_held_by_the_sandbox_too(local_sandbox: str, tmp_path: Path) -> None:
    policy = SecurityPolicy(network_access="none", file_system="readonly")
    model = {"upstream": "scripted", "options": {"script": [{"text": "ok"}]}}
    async with ClaudeBox("quickstart/fix-bug", model=model, sandbox="local", security_policy=policy) as box:
        names = (await box.sandbox.exec(["ls"])).text.split()
        assert names
        assert (await box.sandbox.exec(["sh", "-c", f"touch new; rm -f {names[0]}"])).exit_code != 0
        assert (await box.sandbox.exec(["ls"])).text.split() == names


async def test_the_time_of_a_prompt_and_of_a_command(local_sandbox: str) -> None:
    policy = SecurityPolicy(max_execution_time_s=3)
    model = {
        "upstream": "scripted",
        "options": {"script": [{"tools": [{"name": "Bash", "input": {"command": "setsid sleep 33 & sleep 33"}}]}]},
    }
    async with ClaudeBox(model=model, sandbox="local", security_policy=policy) as box:
        started = time.monotonic()
        result = await box.code("go", timeout_s=60)
        assert time.monotonic() - started < 20
        assert not result.success
        assert (await box.sandbox.exec(["sh", "-c", "pgrep -x sleep"])).text == ""


async def test_commands_are_nobodys_but_their_own(local_sandbox: str) -> None:
    result = await play(SecurityPolicy(), [bash("id -u; grep NoNewPrivs /proc/self/status")])
    user, privileges = result.action_log[-1].output.splitlines()
    assert int(user) > 0
    assert privileges.split() == ["NoNewPrivs:", "1"]


async def test_a_session_goes_on_under_its_policy(local_sandbox: str, tmp_path: Path) -> None:
    model = {
        "upstream": "scripted",
        "options": {"script": [{"tools": [{"name": "Bash", "input": {"command": "rm -rf d"}}]}, {"text": "ok"}]},
    }
    async with ClaudeBox(
        session_id="s", workspace_dir=tmp_path, model=model, sandbox="local", security_policy="restricted"
    ) as box:
        await box.code("go")
        (line,) = [line for line in box.history() if line["kind"] == "action"]
        assert "rm -rf" in line["policy_violation"]
    async with ClaudeBox.reconnect("s", workspace_dir=tmp_path) as box:
        assert (await box.code("go on", max_turns=3)).num_policy_violations == 1


def test_environments_carry_one() -> None:
    env = gym.make("claudebox_rl:ClaudeBox-v0", task="quickstart/fix-bug", security_policy="readonly", actor=False)
    assert env.spec is not None
    assert env.spec.kwargs["security_policy"] == "readonly"
    with pytest.raises(ConfigError, match="use agent=claude"):
        gym.make(
            "claudebox_rl:ClaudeBox-v0",
            task="quickstart/fix-bug",
            security_policy="readonly",
            agent="oracle",
            actor=False,
        )
