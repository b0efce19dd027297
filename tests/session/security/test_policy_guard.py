"""The guard of a policy, in a real sandbox whose links it must see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from claudebox_rl import SecurityPolicy
from claudebox_rl.agent.guard import GuardPost, ToolRequest, Verdict
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.sandbox.unsafe import UnsafeSandbox
from claudebox_rl.session.security.guard import PolicyGuard
from claudebox_rl.session.security.presets import PRESETS

CLOSED = SecurityPolicy(file_system="workspace_only", blocked_paths=("/workspace/secret",))
LINKS = (
    "mkdir secret src; echo s > secret/key; echo a > src/a; ln -s /etc out; ln -s /usr/lib/os-release file; "
    "ln -s secret/key key; ln -s /proc/self/cwd/secret/key mine; ln -s nowhere/../../../etc/new new"
)


@pytest.fixture
async def sandbox(local_sandbox: str) -> AsyncIterator[LocalSandbox]:
    async with LocalSandbox() as made:
        assert (await made.exec(["sh", "-c", LINKS])).exit_code == 0
        yield made


async def judged(sandbox: LocalSandbox, policy: SecurityPolicy, name: str, **given: Any) -> Verdict:
    guard = PolicyGuard(policy, sandbox, "/workspace", ("/opt/skills",))
    return await GuardPost([guard]).judge(ToolRequest("t", name, given, cwd="/workspace"))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Read", {"file_path": "/etc/passwd"}),
        ("Read", {"file_path": "/workspace/../etc/passwd"}),
        ("Read", {"file_path": "~/.claude/settings.json"}),
        ("Read", {"file_path": "/proc/self/environ"}),
        ("Read", {"file_path": "/workspace/out/hostname"}),
        ("Read", {"file_path": "file"}),
        ("Read", {"file_path": "/workspace/secret/key"}),
        ("Read", {"file_path": "/workspace/src/../secret/key"}),
        ("Read", {"file_path": "/workspace/key"}),
        ("Read", {"file_path": "/proc/self/root/workspace/secret/key"}),
        ("Read", {"file_path": "/proc/self/cwd/secret/key"}),
        ("Read", {"file_path": "/workspace/mine"}),
        ("Read", {"file_path": "/workspace/src/a\0/../../secret/key"}),
        ("Write", {"file_path": "/tmp/x", "content": ""}),
        ("Write", {"file_path": "/workspace/new", "content": ""}),
        ("Write", {"file_path": "/workspace/out/x", "content": ""}),
        ("Write", {"file_path": "/opt/skills/x", "content": ""}),
        ("Edit", {"file_path": "/home/agent/.bashrc", "old_string": "a", "new_string": "b"}),
        ("MultiEdit", {"file_path": "/home/agent/.bashrc", "edits": []}),
        ("NotebookEdit", {"notebook_path": "/tmp/x.ipynb", "new_source": ""}),
        ("Glob", {"pattern": "/etc/*"}),
        ("Glob", {"pattern": "*", "path": "/etc"}),
        ("Glob", {"pattern": "*/../../etc/*", "path": "/workspace/src"}),
        ("Glob", {"pattern": "../*", "path": "/workspace/src"}),
        ("Glob", {"pattern": "{/etc,/usr}/*", "path": "/workspace/src"}),
        ("Glob", {"pattern": "**"}),
        ("Grep", {"pattern": "root", "path": "/etc"}),
        ("Grep", {"pattern": "s"}),
        ("Grep", {"pattern": "s", "path": "/workspace/out"}),
        ("Grep", {"pattern": "s", "path": "/workspace/src", "glob": "/etc/*"}),
        ("Bash", {"command": "cat /etc/passwd"}),
        ("Bash", {"command": "cat secret/key"}),
        ("Bash", {"command": "echo x > /tmp/x"}),
        ("Monitor", {"command": "cat /etc/passwd"}),
        ("EnterWorktree", {}),
        ("Workflow", {"script": "x"}),
        ("CronCreate", {"prompt": "x"}),
        ("mcp__files__read", {"path": "/workspace/a"}),
        ("Bash", {}),
        ("Write", {"content": "x"}),
    ],
    ids=str,
)
async def test_closed(sandbox: LocalSandbox, name: str, given: dict[str, Any]) -> None:
    verdict = await judged(sandbox, CLOSED, name, **given)
    assert verdict.allow is False
    assert verdict.reason


@pytest.mark.parametrize("path", ["/proc/self/cwd/secret/key", "/proc/thread-self/cwd/secret/key", "/workspace/mine"])
async def test_the_agents_own_links_of_proc_hide_nothing(sandbox: LocalSandbox, path: str) -> None:
    policy = SecurityPolicy(blocked_paths=("/workspace/secret",))
    assert (await judged(sandbox, policy, "Read", file_path="/proc/cpuinfo")).allow is True
    assert (await judged(sandbox, policy, "Read", file_path=path)).allow is False


@pytest.mark.parametrize(
    ("name", "given", "allowed"),
    [
        ("Read", {"file_path": "secret/key"}, False),
        ("Read", {"file_path": "{root}/workspace/secret/key"}, False),
        ("Read", {"file_path": "key"}, False),
        ("Read", {"file_path": "src/a"}, True),
        ("Bash", {"command": "cat secret/key"}, False),
        ("Bash", {"command": "cat {root}/workspace/secret/key"}, False),
        ("Bash", {"command": "cat src/a"}, True),
    ],
    ids=str,
)
async def test_without_isolation_paths_have_a_root(name: str, given: dict[str, str], allowed: bool) -> None:
    policy = SecurityPolicy(blocked_paths=("/workspace/secret",))
    async with UnsafeSandbox(SandboxSpec(network="full")) as sandbox:
        assert (await sandbox.exec(["sh", "-c", LINKS])).exit_code == 0
        cwd = f"{sandbox.root}/workspace"
        guard = PolicyGuard(policy, sandbox, "/workspace", ())
        asked = {key: text.replace("{root}", sandbox.root) for key, text in given.items()}
        assert (await GuardPost([guard]).judge(ToolRequest("t", name, asked, cwd=cwd))).allow is allowed


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Read", {"file_path": "/workspace/src/a"}),
        ("Read", {"file_path": "/opt/skills/one/SKILL.md"}),
        ("Write", {"file_path": "/workspace/deep/er/new.py", "content": "x"}),
        ("Glob", {"pattern": "**/*.py", "path": "/workspace/src"}),
        ("Grep", {"pattern": "/etc/passwd", "path": "src"}),
        ("Bash", {"command": "cat src/a > b"}),
        ("Agent", {"prompt": "x"}),
        ("TodoWrite", {"todos": []}),
        ("Skill", {"skill": "x"}),
    ],
    ids=str,
)
async def test_open(sandbox: LocalSandbox, name: str, given: dict[str, Any]) -> None:
    assert (await judged(sandbox, CLOSED, name, **given)).allow is True


@pytest.mark.parametrize(
    ("policy", "url", "allowed"),
    [
        ("research", "https://api.github.com/x", True),
        ("research", "https://github.com/", True),
        ("research", "https://evil.test/github.com", False),
        ("research", "https://github.com.evil.test/", False),
        ("research", "https://github.com@evil.test/", False),
        ("research", "https://[::1]/", False),
        ("restricted", "https://github.com/", False),
        ("readonly", "https://github.com/", False),
        ("standard", "https://github.com/", True),
        ({"blocked_domains": ["*.evil.test"]}, "https://a.EVIL.test./", False),
        ({"blocked_domains": ["*.evil.test"]}, "https://0x7f.1/", False),
        ({"blocked_domains": ["*.evil.test"]}, "https://good.test/", True),
    ],
)
async def test_what_is_fetched(sandbox: LocalSandbox, policy: Any, url: str, allowed: bool) -> None:
    chosen = PRESETS[policy] if isinstance(policy, str) else SecurityPolicy(**policy)
    assert (await judged(sandbox, chosen, "WebFetch", url=url, prompt="x")).allow is allowed


@pytest.mark.parametrize(("policy", "allowed"), [("research", False), ("readonly", False), ("standard", True)])
async def test_a_search_of_the_web_needs_an_open_network(sandbox: LocalSandbox, policy: str, allowed: bool) -> None:
    assert (await judged(sandbox, PRESETS[policy], "WebSearch", query="x")).allow is allowed


async def test_unknown_tools_are_only_closed_where_the_policy_is(sandbox: LocalSandbox) -> None:
    assert (await judged(sandbox, PRESETS["standard"], "mcp__x__y")).allow is True


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        ("cat src/a src/*; ls nothing*", True),
        ("cat to/a < to/a > to/b", True),
        ("git commit -m " + "x" * 300, True),
        ("echo " + "y" * 5000, True),
        ("cat file", False),
        ("cat ./f*e", False),
        ("cat < file", False),
        ("cat */hostname", False),
        ("cat out/$X", False),
        ("cd out; ls", False),
        ("cat src/../out/../etc/hostname", False),
        ("cat key", False),
        ("cp src/a new", False),
        ("head --lines=3 -- file", False),
        ("cat mine", False),
        ("cat round", False),
        ("touch " + " ".join(f"f{n}" for n in range(1001)), False),
    ],
)
async def test_links_are_followed_for_commands_too(sandbox: LocalSandbox, command: str, allowed: bool) -> None:
    assert (await sandbox.exec(["sh", "-c", "ln -s src to; ln -s round round"])).exit_code == 0
    assert (await judged(sandbox, CLOSED, "Bash", command=command)).allow is allowed


async def test_a_pattern_in_an_odd_folder_is_not_taken_for_another(sandbox: LocalSandbox) -> None:
    assert (await sandbox.exec(["sh", "-c", "mkdir '[s]'; ln -s /etc '[s]/e'"])).exit_code == 0
    assert (await judged(sandbox, CLOSED, "Bash", command="cd '[s]'; cat e*/hostname")).allow is False


async def test_a_refusal_says_what_it_breaks(sandbox: LocalSandbox) -> None:
    verdict = await judged(sandbox, CLOSED, "Read", file_path="/workspace/out/hostname")
    assert verdict.violation is not None
    assert "file_system=workspace_only" in verdict.violation
    assert "/workspace/out/hostname leads there" in verdict.violation
    assert verdict.violation in verdict.reason


@pytest.mark.parametrize(("asked", "given"), [(None, 2000), (500, 500), (600_000, 2000), ("long", 2000)])
async def test_a_shell_command_gets_the_policys_time(sandbox: LocalSandbox, asked: Any, given: int) -> None:
    policy = SecurityPolicy(max_execution_time_s=2)
    more = {} if asked is None else {"timeout": asked}
    verdict = await judged(sandbox, policy, "Bash", command="ls", **more)
    assert verdict.input == {"command": "ls", "timeout": given}
    assert (await judged(sandbox, policy, "Read", file_path="/workspace/a")).input is None
