"""Keys of a task.toml that nobody reads: Harbor does not either, but somebody meant something by them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, cast

_NETWORK = ("network_mode", "allowed_hosts")
_MACHINE = (
    *("docker_image", "workdir", "env", "cpus", "memory_mb", "memory", *_NETWORK, "allow_internet", "os"),
    *("build_timeout_sec", "storage_mb", "storage", "gpus", "gpu_types", "tpu"),
    *("mcp_servers", "skills_dir", "healthcheck"),
)
_VERIFIER = ("timeout_sec", "env", "user", *_NETWORK, "environment_mode", "environment", "collect")
_AGENT = ("timeout_sec", "user", *_NETWORK)
_ARTIFACT = ("source", "destination", "exclude", "service")
_KNOWN: Mapping[str, tuple[str, ...]] = {
    "": (
        *("schema_version", "version", "source", "task", "metadata", "environment", "agent", "verifier", "solution"),
        *("artifacts", "steps", "multi_step_reward_strategy"),
    ),
    "task": ("name", "version", "description", "authors", "keywords"),
    "environment": _MACHINE,
    "agent": _AGENT,
    "verifier": _VERIFIER,
    "verifier.environment": _MACHINE,
    "verifier.collect": ("command", "service", "timeout_sec", "user"),
    "solution": ("env",),
    "artifacts": _ARTIFACT,
    "steps": ("name", "agent", "verifier", "min_reward", "healthcheck", "artifacts"),
    "steps.agent": _AGENT,
    "steps.verifier": _VERIFIER,
}
"""Of Harbor 0.25 (`harbor.models.task.config`), by table; [metadata] is free."""


def unread_keys(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys that Harbor does not have, dotted, each with the one that was most likely meant."""
    return tuple(_unread(values, "", ""))


def _unread(values: Mapping[str, Any], table: str, where: str) -> Iterator[str]:
    known = _KNOWN[table]
    for key, value in values.items():
        name = f"{where}.{key}" if where else key
        below = f"{table}.{key}" if table else key
        if key not in known:
            meant = difflib.get_close_matches(key, known, 1)
            yield f"{name} (meant: {meant[0]}?)" if meant else name
        elif below in _KNOWN:
            yield from _below(value, below, name)


def _below(value: object, table: str, where: str) -> Iterator[str]:
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    for number, item in enumerate(items):
        if isinstance(item, dict):
            name = f"{where}[{number}]" if isinstance(value, list) else where
            yield from _unread(cast("dict[str, Any]", item), table, name)
