"""Security policies on real micro-VMs: the real CLI, a scripted model that tries what it may not, and what holds it."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from shims import shims

from claudebox_rl import RESTRICTED_POLICY, ClaudeBox, CodeResult, SecurityPolicy
from claudebox_rl.agent import claude
from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox._egress.egress import Egress
from claudebox_rl.sandbox.boxlite import BoxliteSandbox

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]
BOX: dict[str, Any] = {
    "name": "boxlite",
    "image": os.environ.get("CLAUDEBOX_LAB_IMAGE", ""),
    "cpus": 1,
    "start_timeout_s": 240.0,
}
PROMPT_S = 800.0
NOBODY = 65534
PUBLIC = ip_address("93.184.215.14")
"""What every name resolves to in the stand-in for the internet."""
PROBE = r"""
import errno, json, os, shutil, socket, urllib.error, urllib.request

def tried(work, *given):
    try:
        return work(*given)
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))

def write(path):
    with open(path, "w") as file:
        return file.write("written")

def fetch(host):
    return urllib.request.urlopen(f"http://{host}/", timeout=20).read().decode()

def dial(host, port):
    socket.create_connection((host, port), 5).close()

def fill(num_mib):
    for index in range(num_mib // 64):  # one file alone has a limit of its own
        with open(f"/workspace/fill-{index}", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 64 << 20)

asked = json.load(open("asked.json"))
for name in ("no_proxy", "NO_PROXY"):
    os.environ.pop(name, None)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "ids": [*os.getresuid(), *os.getresgid()],
    "home": os.environ["HOME"],
    "rights": [status[name].strip() for name in ("CapEff", "NoNewPrivs")],
    "setuid": tried(os.setuid, 0),
    "cpus": os.cpu_count(),
    "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20,
    "disk_mib": shutil.disk_usage("/workspace").total >> 20,
    "written": {path: tried(write, path) for path in asked["write"]},
    "filled": {str(num_mib): tried(fill, num_mib) for num_mib in asked.get("fill_mib", ())},
    "fetched": {host: tried(fetch, host) for host in asked.get("fetch", ())},
    "dialled": [tried(dial, host, port) for host, port in asked.get("dial", ())],
}))
"""
"""What a program finds that the agent's own shell starts: a policy's guard does not judge what it does."""
OPEN_PLACES = ("/workspace/made", "/home/agent/made", "/tmp/made")
SHUT_PLACES = ("/etc/made", "/etc/passwd", "/usr/bin/made", "/root/made", "/opt/claude-code/made")
CHANGES = (
    "echo b > a",
    "rm -rf a sub",
    "mv sub other",
    "touch new",
    "ln -s /tmp link",
    "chmod 600 a",
    "touch -t 200001010000 a",
    "python3 -c 'import os; f = os.open(\"a\", os.O_RDONLY); os.fchmod(f, 0o600)'",
    "echo b > /proc/1/root/workspace/a",
    "mount -o remount,bind,rw /workspace; echo b > a",
    "unshare -rm sh -c 'mount -o remount,bind,rw /workspace; umount -l /workspace; echo b > /workspace/a'",
)
"""Shell scripts that each change /workspace, where it can be changed."""


class WorldlyBox(BoxliteSandbox):
    """A box whose proxy meets a server of this host's loopback at every public address."""

    port = 0

    def _make_egress(self) -> Egress:
        async def resolve(_: str) -> list[Any]:
            return [PUBLIC]

        async def dial(_: str, __: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_connection("127.0.0.1", self.port)

        hosts, blocked = self.spec.allowed_hosts, self.spec.blocked_hosts
        return Egress(hosts, self._traffic, blocked_hosts=blocked, resolve=resolve, dial=dial)


@asynccontextmanager
async def world() -> AsyncIterator[list[str]]:
    """Serve the stand-in for the internet; yields the heads of the requests that it was sent."""
    heads: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        WorldlyBox.port = server.sockets[0].getsockname()[1]
        yield heads


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    # An emulated processor that others keep busy takes longer to start the CLI than a real one may.
    monkeypatch.setattr(claude, "_HANDSHAKE_S", 400.0)


def bash(command: str) -> tuple[str, dict[str, str]]:
    return "Bash", {"command": command}


def scripted(*calls: tuple[str, dict[str, str]]) -> dict[str, Any]:
    turns = [{"tools": [{"name": name, "input": given}]} for name, given in calls]
    return {"upstream": "scripted", "options": {"script": [*turns, {"text": "done"}]}}


async def play(box: ClaudeBox, **asked: Any) -> tuple[CodeResult, dict[str, Any]]:
    """Return a prompt's result, of which the first call is of the probe, and what the probe found."""
    asked["write"] = [*OPEN_PLACES, *SHUT_PLACES]
    await box.sandbox.write_file("/workspace/probe.py", PROBE.encode(), mode=0o644)
    await box.sandbox.write_file("/workspace/asked.json", json.dumps(asked).encode(), mode=0o644)
    result = await box.code("go", timeout_s=PROMPT_S)
    assert result.success, result.error
    return result, json.loads(result.action_log[0].output)


def check_user(found: dict[str, Any]) -> None:
    assert found["ids"] == [NOBODY] * 6
    assert found["home"] == "/home/agent"
    assert found["rights"] == ["0" * 16, "1"]
    assert found["setuid"] == "EPERM"
    assert {path: found["written"][path] for path in OPEN_PLACES} == dict.fromkeys(OPEN_PLACES, len("written"))
    assert {found["written"][path] for path in SHUT_PLACES} <= {"EACCES", "EROFS"}


def check_refused(box: ClaudeBox, result: CodeResult, num_refused: int) -> None:
    """Demand that the last calls were refused, each for a reason that Claude was told and that stands in the log."""
    tried = result.action_log[-num_refused:]
    told = json.dumps(box.take_model_calls()[-1].request["messages"])
    assert result.num_policy_violations == num_refused
    for call in tried:
        assert call.policy_violation, call
        assert call.is_error
        assert json.dumps(f"does not allow this call: {call.policy_violation}.")[1:-2] in told, (call, told)


@pytest.mark.slow
async def test_a_restricted_box_has_what_its_policy_gives_and_no_more() -> None:
    policy = replace(
        RESTRICTED_POLICY,
        allowed_domains=("*.open.test", "db.internal"),
        blocked_domains=(*RESTRICTED_POLICY.blocked_domains, "shut.open.test"),
        max_memory_mb=1024,
        max_cpu_percent=100,
        max_disk_usage_gb=2,
    )
    forbidden = [
        bash("rm -rf ."),
        bash("sudo id"),
        ("Read", {"file_path": "/etc/passwd"}),
        ("Write", {"file_path": "/home/agent/x", "content": "x"}),
    ]
    hosts = ["a.open.test", "shut.open.test", "evil.test", "db.internal", "localhost", "127.0.0.1"]
    sandbox = {**BOX, "name": f"{__name__}:WorldlyBox"}
    async with world() as heads:
        model = scripted(bash("python3 probe.py"), *forbidden)
        async with ClaudeBox(model=model, sandbox=sandbox, security_policy=policy) as box:
            ways = [["127.0.0.1", WorldlyBox.port], [str(PUBLIC), 80]]
            result, found = await play(box, fetch=hosts, dial=ways, fill_mib=[64, 3072])
            check_refused(box, result, len(forbidden))
    check_user(found)
    assert (found["cpus"], found["filled"]) == (1, {"64": None, "3072": "ENOSPC"})
    assert 700 < found["memory_mib"] <= 1024
    assert 1024 < found["disk_mib"] <= 2048
    answers = found["fetched"]
    assert answers["a.open.test"] == "hello"
    assert answers["evil.test"].startswith("403 ")
    assert "allowed_hosts" in answers["evil.test"]
    for host in ("shut.open.test", "db.internal", "localhost", "127.0.0.1"):
        assert answers[host].startswith("403 "), (host, answers)
        assert "blocked_hosts" in answers[host]
    assert found["dialled"] == ["ECONNREFUSED", "ENETUNREACH"]
    assert len(heads) == 1
    assert "Host: a.open.test" in heads[0]
    assert {each.host for each in result.refused} == {*hosts} - {"a.open.test"}


@pytest.mark.parametrize(
    ("policy", "given", "field"),
    [
        ({"blocked_domains": ["evil.test"]}, {}, "blocked_domains"),
        ({"max_cpu_percent": 150}, {"sandbox": {**BOX, "cpus": None}}, "max_cpu_percent"),
        ({"max_memory_mb": 64}, {}, "max_memory_mb"),
        ({"max_disk_usage_gb": 1, "allow_root": True}, {"session_id": "s"}, "max_disk_usage_gb"),
        ("readonly", {}, "file_system"),
        ("standard", {"session_id": "s"}, "allow_root"),
        ("standard", {"volumes": ["shown"]}, "allow_root"),
    ],
    ids=str,
)
async def test_what_a_box_can_not_enforce_is_refused_before_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Any, given: dict[str, Any], field: str
) -> None:
    if "session_id" in given:
        given = {**given, "workspace_dir": tmp_path}
    if "volumes" in given:
        given = {"volumes": [(tmp_path, "/shown")]}
    started: list[object] = []
    monkeypatch.setattr(BoxliteSandbox, "start", started.append)
    before = shims()
    box = ClaudeBox(**{"model": scripted(), "sandbox": BOX, "security_policy": policy, **given})
    with pytest.raises(ConfigError, match=f"security_policy.{field}=") as error:
        await box.open()
    assert error.value.context["field"] == field
    assert (started, shims()) == ([], before)
    assert ClaudeBox.list_sessions(tmp_path) == []


@pytest.mark.slow
async def test_a_standard_box_is_open_but_nobody_in_it_is_root() -> None:
    forbidden = [bash("rm -rf / --no-preserve-root"), bash("su -c id"), bash("dd if=/dev/zero of=x count=1")]
    model = scripted(bash("python3 probe.py"), *forbidden)
    sandbox = {**BOX, "memory_mib": 1024}
    async with ClaudeBox(model=model, sandbox=sandbox, security_policy="standard") as box:
        assert box.sandbox.spec.network == "full"
        result, found = await play(box)
        check_refused(box, result, len(forbidden))
    check_user(found)


def state(folder: Path) -> dict[str, object]:
    seen = {path.relative_to(folder): path.lstat() for path in (folder, *folder.rglob("*"))}
    kept = {str(path): (each.st_mode, each.st_uid, each.st_nlink, each.st_mtime_ns) for path, each in seen.items()}
    return {**kept, **{f"{path} holds": (folder / path).read_bytes() for path in seen if (folder / path).is_file()}}


@pytest.mark.slow
async def test_nothing_in_a_readonly_box_changes_the_workspace_of_the_host() -> None:
    calls = [("Write", {"file_path": "/workspace/new", "content": "x"}), bash("touch new"), bash("python3 a")]
    sandbox = {**BOX, "memory_mib": 1024}
    async with ClaudeBox(
        "quickstart/fix-bug", model=scripted(*calls), sandbox=sandbox, security_policy="readonly"
    ) as box:
        await box.sandbox.write_file("/workspace/a", b"as it was\n")
        await box.sandbox.write_file("/workspace/sub/b", b"this too\n")
        folder = box.sandbox.spec.workspace
        assert folder is not None
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o777)  # what keeps it must be something else
        before = state(folder)
        result = await box.code("go", timeout_s=PROMPT_S)
        assert result.success, result.error
        check_refused(box, result, len(calls))
        for user in (None, "root"):
            for script in CHANGES:
                await box.sandbox.exec(["sh", "-c", script], cwd="/workspace", user=user, timeout_s=60)
                assert state(folder) == before, (script, user)
            seen = await box.sandbox.exec(["sh", "-c", "cat a sub/b; echo x > a"], cwd="/workspace", user=user)
            assert seen.text == "as it was\nthis too\n"
            assert b"Read-only file system" in seen.stderr
        assert (
            await box.sandbox.exec(["sh", "-c", "id -un; touch /tmp/x ~/x && echo wrote"])
        ).text == "nobody\nwrote\n"
    assert not folder.exists()


@pytest.mark.slow
async def test_a_prompt_in_a_box_ends_in_its_policys_time() -> None:
    policy = SecurityPolicy(network_access="none", max_execution_time_s=100)  # less than the CLI gives a command
    model = scripted(bash("touch began; setsid sleep 1234 & sleep 1234"))
    sandbox = {**BOX, "memory_mib": 1024}
    async with ClaudeBox(model=model, sandbox=sandbox, security_policy=policy) as box:
        started = time.monotonic()
        result = await box.code("go", timeout_s=PROMPT_S)
        assert 95 < time.monotonic() - started < 250
        assert not result.success
        left = await box.sandbox.exec(["sh", "-c", "ls; pgrep -x sleep"], cwd="/workspace")
        assert left.text == "began\n"
