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


def write(path: str) -> Call:
    return "Write", {"file_path": path, "content": "written\n"}


def read(path: str) -> Call:
    return "Read", {"file_path": path}


SETUP = "mkdir -p d; echo x > d/x; echo x > y; ln -s /usr/lib out; true"
"""What a workspace holds at first, where it can be written."""
RECURSIVE: list[Call] = [
    bash("rm -rf d"),
    bash("r\\m -r -f d"),
    bash("$(echo rm) -rf d"),
    bash("bash -c 'rm --recursive --force d'"),
    bash("echo d | xargs rm -fr"),
    bash("env rm -rf d"),
    bash("echo cm0gLXJmIGQ= | base64 -d | sh"),
    bash("sh <<E\nrm -rf d\nE"),
]
OUTSIDE: list[Call] = [
    read("/usr/lib/os-release"),
    read("out/os-release"),
    read("/workspace/../usr/lib/os-release"),
    write("/tmp/made"),
    write("/home/agent/made"),
    bash("cat /usr/lib/os-release"),
    bash("cat out/../../usr/lib/os-release"),
    bash("cp /usr/lib/os-release os-release"),
    bash("echo x > /tmp/made"),
    bash("cd /usr && ls"),
]
CHANGES: list[Call] = [
    write("/workspace/made"),
    bash("echo x > made"),
    bash("rm y"),
    bash('python3 -c \'open("made", "w")\''),
    bash("true"),
]
FORBIDDEN: dict[str, list[Call]] = {
    "standard": [
        bash("rm -rf / --no-preserve-root; true"),
        bash("echo / | xargs rm -rf; true"),
        bash("bash -c 'mkfs -V'; true"),
    ],
    "restricted": [*RECURSIVE, *OUTSIDE, bash("dd if=y of=made"), bash("chmod 777 y"), bash("chmod a=rwx y")],
    "readonly": CHANGES,
    "research": OUTSIDE,
}


async def play(policy: str | SecurityPolicy | None, calls: list[Call]) -> CodeResult:
    turns = [{"tools": [{"name": name, "input": given}]} for name, given in [read("/workspace/y"), *calls]]
    model = {"upstream": "scripted", "options": {"script": [*turns, {"text": "done"}]}}
    async with ClaudeBox(model=model, sandbox="local", security_policy=policy) as session:
        await session.sandbox.exec(["sh", "-c", SETUP])
        result = await session.code("go", max_turns=100)
    assert result.success, result.error
    return result


@pytest.mark.parametrize("preset", FORBIDDEN)
async def test_what_a_preset_forbids_is_refused_and_logged(local_sandbox: str, preset: str) -> None:
    calls = FORBIDDEN[preset]
    result = await play(preset, calls)
    tried = result.action_log[-len(calls) :]
    assert [call.input for call in tried if call.policy_violation is None] == []
    assert all(call.is_error and "security policy" in call.output for call in tried)
    assert result.num_policy_violations == len(calls)


@pytest.mark.parametrize("preset", [name for name in FORBIDDEN if name != "standard"])
async def test_the_same_works_where_nothing_is_forbidden(local_sandbox: str, preset: str) -> None:
    for call in FORBIDDEN[preset]:  # each on its own: one may undo what another needs
        result = await play("unrestricted", [call])
        assert (result.num_policy_violations, result.action_log[-1].is_error) == (0, False), (
            call,
            result.action_log[-1],
        )


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
