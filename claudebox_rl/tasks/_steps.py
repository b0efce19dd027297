"""From `[[steps]]` of a task.toml to checkpoints."""

from __future__ import annotations

from typing import Any, cast

from claudebox_rl.tasks._instruction import read_instruction
from claudebox_rl.tasks._table import Table, refuse
from claudebox_rl.tasks.checkpoint import Checkpoint

_UNSUPPORTED = ("artifacts", "healthcheck")
_UNSUPPORTED_BELOW = {
    "agent": ("user", "network_mode", "allowed_hosts"),
    "verifier": ("user", "environment", "environment_mode", "collect", "network_mode", "allowed_hosts"),
}


def read_checkpoints(config: Table) -> tuple[Checkpoint, ...]:
    """Read and check the checkpoints; none where the task has no `[[steps]]`.

    Raises:
        TaskError: A step is malformed, has no folder, or asks for what is not supported.
    """
    tables = [Table(config.folder, f"steps[{index}]", values) for index, values in enumerate(_steps(config))]
    found = tuple(_checkpoint(table) for table in tables)
    names = [checkpoint.name for checkpoint in found]
    for table, name in zip(tables, names, strict=True):
        if names.count(name) > 1:
            table.refuse("name", f"is {name!r} twice")
    return found


def read_strategy(config: Table) -> str:
    """Return how the rewards of checkpoints make up the episode's."""
    strategy = config.text("multi_step_reward_strategy") or "mean"
    if strategy not in ("mean", "final"):
        config.refuse("multi_step_reward_strategy", f"must be mean or final, not {strategy!r}")
    return strategy


def agent_timeout_s(config: Table) -> float | None:
    """Return the longest that one checkpoint's agent may take; None: no limit is set."""
    limits = [Table(config.folder, "steps", step).table("agent").positive("timeout_sec") for step in _steps(config)]
    return max((limit for limit in limits if limit is not None), default=None)


def _steps(config: Table) -> list[dict[str, Any]]:
    steps: Any = config.values.get("steps") or []
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in cast("list[Any]", steps)):
        config.refuse("steps", "must be tables: [[steps]]")
    return cast("list[dict[str, Any]]", steps)


def _checkpoint(table: Table) -> Checkpoint:
    name = table.text("name") or ""
    if not name or "/" in name or name.startswith("."):
        table.refuse("name", f"must name a folder below steps/, not {name!r}")
    _check_supported(table)
    base = f"steps/{name}"
    if not any((table.folder / folder / "tests" / "test.sh").is_file() for folder in ("", base)):
        refuse(table.folder, f"{base}/tests/test.sh", "is missing, and there is no tests/test.sh for all steps")
    if (table.folder / base / "workdir" / "setup.sh").exists():
        refuse(table.folder, f"{base}/workdir/setup.sh", "set-up scripts of steps are not supported yet")
    verifier = table.table("verifier")
    return Checkpoint(
        name=name,
        instruction=read_instruction(table.folder, f"{base}/instruction.md"),
        least=_least(table),
        verifier_timeout_s=verifier.positive("timeout_sec"),
        verifier_env=verifier.environment("env"),
    )


def _check_supported(table: Table) -> None:
    for key in _UNSUPPORTED:
        if table.values.get(key):
            table.refuse(key, "is not supported yet for a step; say it for the whole task")
    for section, keys in _UNSUPPORTED_BELOW.items():
        for key in keys:
            below = table.table(section)
            if below.values.get(key) not in (None, "", "shared", {}, []):
                below.refuse(key, "is not supported yet for a step; say it for the whole task")


def _least(table: Table) -> dict[str, float]:
    given = table.values.get("min_reward")
    if given is None:
        return {}
    if not isinstance(given, dict):
        return {"reward": table.number("min_reward")}
    named = table.table("min_reward")
    return {name: named.number(name) for name in named.values}
