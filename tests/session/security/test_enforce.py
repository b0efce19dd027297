"""From a policy to the machine's spec, and what is refused before anything starts."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import ClaudeBox, SecurityPolicy
from claudebox_rl.config import SandboxConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import Sandbox, SandboxSpec
from claudebox_rl.sandbox._egress.hosts import covers
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.sandbox.spec import Capabilities
from claudebox_rl.sandbox.unsafe import UnsafeSandbox
from claudebox_rl.session.machine import make_spec
from claudebox_rl.session.security.enforce import make_secured, prompt_limit
from claudebox_rl.session.security.presets import PRESETS
from claudebox_rl.tasks import Task, find_tasks

OPEN = SecurityPolicy(allow_sudo=True, allow_root=True)
PROVED: type[Sandbox] = LocalSandbox
BOX: type[Sandbox] = BoxliteSandbox


def spec_of(
    policy: SecurityPolicy, task: Task | None = None, backend: type[Sandbox] = PROVED, **config: Any
) -> SandboxSpec:
    return make_spec(backend, SandboxConfig(**config), task, (), None, policy=policy)


def made(policy: SecurityPolicy, backend: type[Sandbox], **config: Any) -> SandboxSpec:
    return make_secured(backend, spec_of(policy, backend=backend, **config), policy).spec


@pytest.fixture
def task() -> Task:
    (found,) = find_tasks("quickstart/fix-bug")
    return replace(found, network="restricted", allowed_hosts=("pypi.org", "evil.test"), cpus=8, memory_mib=16384)


def test_without_another_word_the_network_is_the_policys() -> None:
    assert spec_of(OPEN).network == "full"
    research = spec_of(PRESETS["research"])
    assert (research.network, research.allowed_hosts[:2]) == ("restricted", ("github.com", "*.github.com"))
    assert spec_of(PRESETS["readonly"]).network == "none"
    assert spec_of(PRESETS["restricted"]).blocked_hosts == ("internal", "*.internal", "localhost", "127.0.0.1")


def test_the_stricter_network_holds(task: Task) -> None:
    assert spec_of(OPEN, network="none").network == "none"
    assert spec_of(OPEN, task).allowed_hosts == ("pypi.org", "evil.test")
    assert spec_of(SecurityPolicy(network_access="none"), task).network == "none"
    assert spec_of(SecurityPolicy(network_access="none"), task).allowed_hosts == ()
    narrow = SecurityPolicy(network_access="restricted", allowed_domains=("*.pypi.org",))
    assert spec_of(narrow, task).allowed_hosts == ("pypi.org",)
    assert spec_of(narrow, replace(task, allowed_hosts=("evil.test",))).allowed_hosts == ()
    assert spec_of(narrow, replace(task, network="full", allowed_hosts=())).allowed_hosts == ("pypi.org", "*.pypi.org")
    assert spec_of(narrow, replace(task, network="none", allowed_hosts=())).network == "none"
    assert spec_of(PRESETS["restricted"], allowed_hosts=["a.test"]).allowed_hosts == ("a.test",)


@pytest.mark.parametrize(
    ("policy", "config", "field"),
    [
        ({"network_access": "none"}, {"network": "full"}, "network_access"),
        ({"network_access": "restricted"}, {"network": "full"}, "network_access"),
        (
            {"network_access": "restricted", "allowed_domains": ["a.test"]},
            {"network": "restricted", "allowed_hosts": ["b.test"]},
            "allowed_domains",
        ),
        ({"max_memory_mb": 512}, {"memory_mib": 1024}, "max_memory_mb"),
        ({"max_cpu_percent": 50}, {"cpus": 1}, "max_cpu_percent"),
        ({"max_disk_usage_gb": 1}, {"disk_mib": 2048}, "max_disk_usage_gb"),
    ],
)
def test_more_than_the_policy_gives_is_a_contradiction(
    policy: dict[str, Any], config: dict[str, Any], field: str
) -> None:
    with pytest.raises(ConfigError, match=field) as error:
        ClaudeBox(sandbox={"name": "local", **config}, security_policy=policy)
    assert error.value.context["field"] == field


def test_sizes_are_cut_to_the_policy_and_smaller_ones_hold(task: Task) -> None:
    policy = SecurityPolicy(max_memory_mb=512, max_cpu_percent=150, max_disk_usage_gb=2)
    spec = spec_of(policy, task)
    assert (spec.memory_mib, spec.cpus, spec.disk_mib) == (512, 1.5, 2048)
    smaller = spec_of(policy, memory_mib=256, cpus=0.5, disk_mib=1024)
    assert (smaller.memory_mib, smaller.cpus, smaller.disk_mib) == (256, 0.5, 1024)


@pytest.mark.parametrize(
    ("backend", "policy", "field", "advice"),
    [
        (BOX, {"blocked_domains": ("evil.test",)}, "blocked_domains", "network=restricted"),
        (BOX, {"file_system": "readonly"}, "file_system", "sandbox=local"),
        (BOX, {"max_cpu_percent": 50}, "max_cpu_percent", "whole CPUs"),
        (BOX, {"max_memory_mb": 64}, "max_memory_mb", "256"),
        (UnsafeSandbox, {"network_access": "none"}, "network_access", "sandbox=local"),
        (UnsafeSandbox, {"network_access": "restricted"}, "network_access", "sandbox=local"),
        (UnsafeSandbox, {"blocked_domains": ("evil.test",)}, "blocked_domains", "another sandbox"),
        (UnsafeSandbox, {"file_system": "workspace_only"}, "file_system", "sandbox=local"),
        (UnsafeSandbox, {"file_system": "readonly"}, "file_system", "sandbox=local"),
        (UnsafeSandbox, {"allow_sudo": False}, "allow_sudo", "sandbox=local"),
        (UnsafeSandbox, {"max_memory_mb": 512}, "max_memory_mb", "use another"),
        (UnsafeSandbox, {"max_cpu_percent": 100}, "max_cpu_percent", "use another"),
        (UnsafeSandbox, {"max_disk_usage_gb": 1}, "max_disk_usage_gb", "use another"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value),
)
def test_what_a_backend_can_not_enforce_is_refused(
    backend: type[Sandbox], policy: dict[str, Any], field: str, advice: str
) -> None:
    with pytest.raises(ConfigError) as error:
        made(SecurityPolicy(**{"allow_sudo": True, "allow_root": True, **policy}), backend)
    assert error.value.context["field"] == field
    assert f"security_policy.{field}=" in error.value.message
    assert advice in error.value.message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's commands are root's there")
def test_commands_of_root_are_not_unsafes_to_prevent() -> None:
    with pytest.raises(ConfigError, match="allow_root=False"):
        made(SecurityPolicy(allow_sudo=True), UnsafeSandbox)


def test_a_limit_that_a_host_can_not_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    able = Capabilities("namespace", frozenset({"full"}), hard_limits=frozenset({"max_processes", "max_file_bytes"}))
    monkeypatch.setattr(LocalSandbox, "capabilities", classmethod(lambda cls: able))
    with pytest.raises(ConfigError, match=r"security_policy.max_cpu_percent=50: .* on this host"):
        made(SecurityPolicy(max_cpu_percent=50), LocalSandbox)


def test_without_root_a_box_runs_commands_as_somebody_else(tmp_path: Path) -> None:
    spec = made(SecurityPolicy(), BOX)
    assert (spec.user, spec.env["HOME"]) == ("nobody", "/home/agent")
    assert made(SecurityPolicy(allow_root=True), BOX).user is None


def test_a_box_shows_writable_folders_to_root_alone(tmp_path: Path) -> None:
    def spec(policy: SecurityPolicy) -> SandboxSpec:
        return make_secured(BOX, make_spec(BOX, SandboxConfig(), None, (), tmp_path, policy=policy), policy).spec

    with pytest.raises(ConfigError, match=r"security_policy.allow_root=False: .* sandbox=local") as error:
        spec(SecurityPolicy())
    assert error.value.context["field"] == "allow_root"
    assert spec(SecurityPolicy(allow_root=True)).user is None
    assert spec(SecurityPolicy(file_system="readonly", network_access="none")).user == "nobody"


def test_writable_volumes_are_not_beside_a_closed_file_system(tmp_path: Path) -> None:
    volumes = [(tmp_path, "/data")]
    for policy in ("restricted", "readonly"):
        with pytest.raises(ConfigError, match="volumes: /data is writable"):
            ClaudeBox(sandbox="local", security_policy=policy, volumes=volumes)
        ClaudeBox(sandbox="local", security_policy=policy, volumes=[(tmp_path, "/data", "ro")])
    ClaudeBox(sandbox="local", security_policy="standard", volumes=volumes)
    allowing = SecurityPolicy(file_system="workspace_only", allowed_paths=("/data",))
    ClaudeBox(sandbox="local", security_policy=allowing, volumes=volumes)


def test_an_agent_whose_calls_nobody_judges_is_refused() -> None:
    with pytest.raises(ConfigError, match="use agent=claude"):
        ClaudeBox("quickstart/fix-bug", agent="oracle", sandbox="local", security_policy="standard")
    ClaudeBox("quickstart/fix-bug", agent="oracle", sandbox="local", security_policy="unrestricted")


@pytest.mark.parametrize(
    ("most", "asked", "otherwise", "expected"),
    [(None, None, 9, None), (None, 5, 9, 5), (4, None, None, 4), (4, 5, None, 4), (4, 3, None, 3), (4, None, 2, 2)],
)
def test_the_shorter_time_holds(most: float, asked: float, otherwise: float, expected: float) -> None:
    assert prompt_limit(SecurityPolicy(max_execution_time_s=most), asked, otherwise) == expected


@pytest.mark.parametrize(
    ("wide", "entry", "expected"),
    [
        ("*.a.test", "x.a.test", True),
        ("*.a.test", "*.x.a.test", True),
        ("*.a.test", "*.a.test", True),
        ("*.a.test", "a.test", False),
        ("*.a.test", "b.a.test:8080", False),
        ("a.test", "*.a.test", False),
        ("a.test", "a.test:443", True),
        ("a.test:443", "a.test", False),
        ("a.test", "xa.test", False),
        ("*.a.test", "xa.test", False),
        ("8.8.8.8", "8.8.8.8", True),
    ],
)
def test_what_a_pattern_covers(wide: str, entry: str, expected: bool) -> None:
    assert covers([wide], entry) is expected
