"""What a session may do: a value that is checked when it is made, and travels as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NoReturn, Self, cast

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox._check_spec import check_hosts

_CHOICES = {"network_access": ("full", "restricted", "none"), "file_system": ("full", "workspace_only", "readonly")}
_LISTS = (
    "allowed_domains",
    "blocked_domains",
    "allowed_paths",
    "blocked_paths",
    "blocked_commands",
    "allowed_commands",
)
_LIMITS = ("max_disk_usage_gb", "max_memory_mb", "max_cpu_percent", "max_execution_time_s")
_WHOLE = ("max_disk_usage_gb", "max_memory_mb")
_FLAGS = ("allow_sudo", "allow_root")


@dataclass(frozen=True, slots=True)
class SecurityPolicy:
    """What a session may do. The sandbox holds it to that, and what it can't see is judged before each tool call.

    Raises:
        ConfigError: A value that can't be; names the field.
    """

    network_access: str = "full"
    """`full`, `restricted` (`allowed_domains` alone; without any, what `sandbox.allowed_hosts` or the task names) or
    `none`."""
    file_system: str = "full"
    """`full`, `workspace_only` (the agent reads and writes in its workspace and in `allowed_paths`), or `readonly`."""
    allowed_domains: tuple[str, ...] = ()
    """`example.com`, or `*.example.com`, which is that name and all below it; with `:port`, else 80 and 443."""
    blocked_domains: tuple[str, ...] = ()
    """Likewise, and addresses; without a port, at all of them. They come before what is allowed."""
    allowed_paths: tuple[str, ...] = ()
    """Absolute paths inside, with what lies below them: with `workspace_only` beside the workspace, else alone."""
    blocked_paths: tuple[str, ...] = ()
    """Likewise; they come before what is allowed."""
    blocked_commands: tuple[str, ...] = ()
    """A program with options or operands (`rm -rf`), however these are spelled; `*` is every command that writes."""
    allowed_commands: tuple[str, ...] = ()
    """Where there are any, no others run."""
    max_disk_usage_gb: int | None = None
    """GiB, as everywhere with disks here."""
    max_memory_mb: int | None = None
    """MiB; all processes together."""
    max_cpu_percent: float | None = None
    """100 is one core."""
    max_execution_time_s: float | None = None
    """Of one prompt, and of each of its shell commands."""
    allow_sudo: bool = False
    """Whether commands may ask for another user's rights (`sudo`, `su`, programs with the setuid bit)."""
    allow_root: bool = False
    """Whether commands may run as root, where a sandbox has one."""

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                _refuse(name, f"must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        for name in _LISTS:
            object.__setattr__(self, name, _texts(name, getattr(self, name)))
        for name in _LIMITS:
            _check_limit(name, getattr(self, name), is_whole=name in _WHOLE)
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                _refuse(name, f"must be true or false, not {getattr(self, name)!r}")
        for name in ("allowed_paths", "blocked_paths"):
            for path in getattr(self, name):
                if not path.startswith("/") or {"..", "."} & set(path.split("/")) or "\0" in path:
                    _refuse(name, f"{path!r} is not an absolute path without '.' and '..'")
        if self.allowed_domains and self.network_access != "restricted":
            _refuse("allowed_domains", "needs network_access=restricted")
        check_hosts(SandboxSpec(network="restricted", allowed_hosts=self.allowed_hosts), "allowed_domains")
        check_hosts(SandboxSpec(blocked_hosts=self.blocked_hosts), "blocked_domains")

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """`allowed_domains` in the sandbox's words."""
        return _hosts(self.allowed_domains)

    @property
    def blocked_hosts(self) -> tuple[str, ...]:
        """`blocked_domains` in the sandbox's words."""
        return _hosts(self.blocked_domains)

    @property
    def is_strict(self) -> bool:
        """Whether what can't be known of a call refuses it: not where only a few things are forbidden."""
        is_closed = self.network_access != "full" or self.file_system != "full"
        return is_closed or bool(self.allowed_commands or self.allowed_paths or self.blocked_paths)

    @property
    def judges_calls(self) -> bool:
        """Whether there is anything to judge of the agent's tool calls."""
        listed = bool(self.blocked_commands or self.max_execution_time_s)
        return self.is_strict or listed or not self.allow_sudo

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Make a policy of its fields, as `to_dict` gives them.

        Raises:
            ConfigError: An unknown field, or a value that can't be.
        """
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                raise ConfigError(f"security_policy: unknown field {name!r}; known: {', '.join(known)}", field=name)
        return cls(**given)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: list(value) if name in _LISTS else value for name, value in values.items()}


def _texts(name: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple):
        _refuse(name, f"must be a list of texts, not {given!r}")
    items = cast("list[Any]", given)
    for item in items:
        if not isinstance(item, str) or not item.strip():
            _refuse(name, f"must be a list of texts, not {given!r}")
    return tuple(items)


def _hosts(domains: Iterable[str]) -> tuple[str, ...]:
    both = ((domain.removeprefix("*."), domain) if domain.startswith("*.") else (domain,) for domain in domains)
    return tuple(dict.fromkeys(host for pair in both for host in pair))


def _check_limit(name: str, value: Any, *, is_whole: bool) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not (value > 0 and math.isfinite(value)):
        _refuse(name, f"must be a positive number, not {value!r}")
    if is_whole and not isinstance(value, int):
        _refuse(name, f"must be a whole number, not {value!r}")


def _refuse(name: str, message: str) -> NoReturn:
    raise ConfigError(f"security_policy.{name} {message}", field=name)
