"""`claudebox-rl doctor`: what a rollout with these settings needs, looked at before it is missed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.schema import RolloutApp, load_config
from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.config import RayConfig
from claudebox_rl.errors import ConfigError
from claudebox_rl.session.checkup.checkup import Wanted, check_machine
from claudebox_rl.session.checkup.finding import Finding, Status
from claudebox_rl.session.templates.image import with_template

_STYLES: dict[Status, str] = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    overrides: Sequence[str],
    *,
    console: Console,
    as_json: bool = False,
    nodes: bool = False,
    address: str | None = None,
) -> int:
    """Look at this machine, or at every node of a cluster, and print what was found and what to do.

    Args:
        overrides: Settings of the rollout that is to run, as for `claudebox-rl rollout`.
        console: Where to print.
        as_json: Print one JSON object instead.
        nodes: Look at each node of the Ray cluster.
        address: The cluster's, over `ray.address`.

    Returns:
        0; 1 where something fails. Warnings do not.

    Raises:
        ConfigError: A setting is unknown.
        TaskError: There is no such task.
    """
    config = load_config(list(overrides))
    cluster = config.ray if address is None else replace(config.ray, address=address)
    if nodes:
        return _look_at_nodes(_wanted(config), cluster, console, as_json)
    findings = [*asyncio.run(check_machine(_wanted(config))), _ray(cluster)]
    if as_json:
        console.print_json(json.dumps({"ok": _is_well(findings), "findings": [asdict(one) for one in findings]}))
    else:
        console.print(_table(findings))
    return 0 if _is_well(findings) else 1


def _wanted(config: RolloutApp) -> Wanted:
    task = config.task if isinstance(config.task, str) else next(iter(config.task))
    return Wanted(with_template(config.sandbox, config.template), config.model, config.agent, task)


def _ray(cluster: RayConfig) -> Finding:
    try:
        from claudebox_rl.distributed.checkup import check_ray
    except ImportError as error:
        return Finding("ray", "fail", f"can't be imported: {error}", "pip install 'ray>=2.54'")
    return check_ray(cluster)


def _look_at_nodes(wanted: Wanted, cluster: RayConfig, console: Console, as_json: bool) -> int:
    ray = _ray(cluster)
    if ray.status == "fail":
        raise ConfigError(f"{ray.seen}; {ray.fix}")
    from claudebox_rl.distributed.checkup import check_nodes

    told: list[dict[str, Any]] = []
    for node, findings in check_nodes(wanted):
        told.append({**asdict(node), "ok": _is_well(findings), "findings": [asdict(one) for one in findings]})
        if not as_json:
            console.print(_line(node.address, findings), soft_wrap=True)
    well = all(one["ok"] for one in told)
    if as_json:
        console.print_json(json.dumps({"ok": well, "findings": [asdict(ray)], "nodes": told}))
    return 0 if well else 1


def _is_well(findings: Iterable[Finding]) -> bool:
    return all(finding.status != "fail" for finding in findings)


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("", "what", "seen"):
        table.add_column(name, overflow="fold")
    for finding in findings:
        seen = Text(one_line(finding.seen))
        if finding.fix:
            seen.append(f"\nfix: {one_line(finding.fix)}", style="bold")
        table.add_row(Text(finding.status, style=_STYLES[finding.status]), finding.name, seen)
    return table


def _line(address: str, findings: Sequence[Finding]) -> Text:
    """One node: `ok`, or all that is not."""
    line = Text(f"{address}  ")
    troubles = [finding for finding in findings if finding.status != "ok"]
    if not troubles:
        return line.append("ok", style=_STYLES["ok"])
    line.append("ok, with warnings" if _is_well(findings) else "fail", style=_STYLES[_worst(troubles)])
    for finding in troubles:
        line.append(f"; {finding.name}: {one_line(finding.seen)} (fix: {one_line(finding.fix)})")
    return line


def _worst(findings: Iterable[Finding]) -> Status:
    return "fail" if any(finding.status == "fail" for finding in findings) else "warn"
