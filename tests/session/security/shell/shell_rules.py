"""Rule sets of the tests: those of the ready-made policies' kinds."""

from __future__ import annotations

from claudebox_rl.session.security.shell import ShellRules

STANDARD = ShellRules(
    blocked=("rm -rf /", "dd if=/dev/zero", "mkfs", "fdisk"), is_strict=False, allow_sudo=False, allow_root=False
)
_BLOCKED = ("rm -rf", "dd", "mkfs", "fdisk", "sudo", "su", "chmod 777")
RESTRICTED = ShellRules(blocked=_BLOCKED, is_strict=True, allow_sudo=False, allow_root=False)
WORKSPACE_ONLY = ShellRules(
    blocked=_BLOCKED,
    is_strict=True,
    allow_sudo=False,
    allow_root=False,
    allowed_paths=("/workspace", "/tmp"),
    blocked_paths=("/etc/ssl/private", "/root"),
    writable=("/workspace", "/tmp"),
)
