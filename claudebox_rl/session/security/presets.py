"""The policies that come with the package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claudebox_rl.errors import ConfigError
from claudebox_rl.session.security.policy import SecurityPolicy

UNRESTRICTED_POLICY = SecurityPolicy(allow_sudo=True)
STANDARD_POLICY = SecurityPolicy(blocked_commands=("rm -rf /", "dd if=/dev/zero", "mkfs", "fdisk"))
RESTRICTED_POLICY = SecurityPolicy(
    network_access="restricted",
    file_system="workspace_only",
    blocked_commands=("rm -rf", "dd", "mkfs", "fdisk", "sudo", "su", "chmod 777"),
    blocked_domains=("*.internal", "localhost", "127.0.0.1"),
)
READONLY_POLICY = SecurityPolicy(network_access="none", file_system="readonly", blocked_commands=("*",))
RESEARCH_POLICY = SecurityPolicy(
    network_access="restricted",
    file_system="workspace_only",
    max_disk_usage_gb=10,
    max_memory_mb=8192,
    blocked_commands=("sudo", "su"),
    allowed_domains=("*.github.com", "*.pypi.org", "*.npmjs.com", "*.arxiv.org"),
)

PRESETS: Mapping[str, SecurityPolicy] = {
    "unrestricted": UNRESTRICTED_POLICY,
    "standard": STANDARD_POLICY,
    "restricted": RESTRICTED_POLICY,
    "readonly": READONLY_POLICY,
    "research": RESEARCH_POLICY,
}


def find_security_policy(given: SecurityPolicy | str | Mapping[str, Any] | None) -> SecurityPolicy | None:
    """Return the policy that was given as such, by a preset's name, or by its fields; None: none.

    Raises:
        ConfigError: An unknown name (the message lists the known ones) or field, or a value that can't be.
    """
    if given is None or isinstance(given, SecurityPolicy):
        return given
    if isinstance(given, str):
        if given not in PRESETS:
            known = ", ".join(PRESETS)
            raise ConfigError(f"unknown security_policy {given!r}; known: {known}", field="security_policy")
        return PRESETS[given]
    return SecurityPolicy.from_dict(given)
