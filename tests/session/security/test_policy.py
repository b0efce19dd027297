"""Policies as values: what they may hold, and how they travel."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from claudebox_rl import (
    READONLY_POLICY,
    RESEARCH_POLICY,
    RESTRICTED_POLICY,
    STANDARD_POLICY,
    UNRESTRICTED_POLICY,
    ClaudeBox,
    SecurityPolicy,
)
from claudebox_rl.errors import ConfigError
from claudebox_rl.session.security.presets import PRESETS, find_security_policy


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("network_access", "open"),
        ("network_access", None),
        ("file_system", "read-only"),
        ("allowed_domains", "example.com"),
        ("allowed_domains", ["https://example.com"]),
        ("allowed_domains", ["10.0.0.1"]),
        ("allowed_domains", ["*"]),
        ("blocked_domains", ["ex*mple.com"]),
        ("blocked_domains", [7]),
        ("allowed_paths", ["relative"]),
        ("allowed_paths", ["/workspace/../etc"]),
        ("blocked_paths", [""]),
        ("blocked_paths", "/etc"),
        ("blocked_commands", [" "]),
        ("allowed_commands", ["ls", None]),
        ("max_disk_usage_gb", 0),
        ("max_disk_usage_gb", 1.5),
        ("max_memory_mb", "512"),
        ("max_memory_mb", 512.5),
        ("max_cpu_percent", -1),
        ("max_cpu_percent", float("nan")),
        ("max_execution_time_s", True),
        ("allow_sudo", "no"),
        ("allow_root", 1),
    ],
)
def test_a_value_that_can_not_be_is_refused_by_its_field(field: str, value: Any) -> None:
    given = {"network_access": "restricted"} if field == "allowed_domains" else {}
    with pytest.raises(ConfigError, match=field) as error:
        SecurityPolicy(**{**given, field: value})
    assert error.value.context["field"] == field


def test_allowed_domains_need_a_restricted_network() -> None:
    with pytest.raises(ConfigError, match="network_access=restricted"):
        SecurityPolicy(allowed_domains=("example.com",))


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_they_travel(policy: SecurityPolicy) -> None:
    assert SecurityPolicy.from_dict(policy.to_dict()) == policy
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert hash(policy) == hash(SecurityPolicy.from_dict(policy.to_dict()))
    with pytest.raises(FrozenInstanceError):
        policy.allow_root = True  # type: ignore[misc]


def test_an_unknown_field_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="'network'; known: network_access"):
        SecurityPolicy.from_dict({"network": "none"})


def test_presets_by_name_by_value_and_by_fields() -> None:
    names = ["unrestricted", "standard", "restricted", "readonly", "research"]
    values = [UNRESTRICTED_POLICY, STANDARD_POLICY, RESTRICTED_POLICY, READONLY_POLICY, RESEARCH_POLICY]
    assert [find_security_policy(name) for name in names] == values
    assert find_security_policy(STANDARD_POLICY) is STANDARD_POLICY
    assert find_security_policy({"network_access": "none"}) == SecurityPolicy(network_access="none")
    assert find_security_policy(None) is None
    with pytest.raises(ConfigError, match="'paranoid'; known: unrestricted, standard"):
        ClaudeBox(security_policy="paranoid")


def test_a_star_means_the_name_too() -> None:
    policy = SecurityPolicy(network_access="restricted", allowed_domains=["*.github.com", "pypi.org"])
    assert policy.allowed_hosts == ("github.com", "*.github.com", "pypi.org")


@pytest.mark.parametrize(
    ("policy", "is_strict", "judges_calls"),
    [
        (UNRESTRICTED_POLICY, False, False),
        (STANDARD_POLICY, False, True),
        (RESTRICTED_POLICY, True, True),
        (SecurityPolicy(allow_sudo=True, blocked_paths=("/x",)), True, True),
        (SecurityPolicy(allow_sudo=True, max_execution_time_s=5), False, True),
    ],
)
def test_what_is_judged(policy: SecurityPolicy, is_strict: bool, judges_calls: bool) -> None:
    assert (policy.is_strict, policy.judges_calls) == (is_strict, judges_calls)
