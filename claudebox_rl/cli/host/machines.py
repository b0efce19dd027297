"""`claudebox-rl machines`: what the journal of machines holds, and the removal of what is left behind."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.cli.words import age, compact
from claudebox_rl.config import RayConfig
from claudebox_rl.sandbox import _place, journal, reaper
from claudebox_rl.sandbox._guest.disk import folder_bytes
from claudebox_rl.sandbox.journal import MachineRecord
from claudebox_rl.sandbox.reaper import Leftover, Owner

_OWNER_STYLES: dict[Owner, str] = {"alive": "green", "dead": "red", "detached": "yellow", "elsewhere": "dim"}
_KINDS = {
    "machine": "its owner is dead",
    "record": "a broken record",
    "folder": "a state folder without a record",
}


def list_machines(*, console: Console, as_json: bool = False) -> int:
    """Print the machines of the journal, one a row, and what else is left behind.

    Args:
        console: Where to print.
        as_json: Print a JSON array of objects instead, machines only, with sizes in bytes and ages in seconds.

    Returns:
        0.
    """
    machines = [_facts(entry) for entry in journal.records()]
    if as_json:
        console.print_json(json.dumps(machines))
        return 0
    others = [leftover for leftover in reaper.leftovers() if leftover.kind != "machine"]
    if not machines and not others:
        console.print(f"no machines in {journal.machines_dir()}", markup=False, highlight=False, soft_wrap=True)
    if machines:
        console.print(_table(machines))
    for leftover in others:
        console.print(Text(f"{one_line(leftover.name)}: {_KINDS[leftover.kind]}", style="red"), soft_wrap=True)
    num_left = len(others) + sum(machine["owner"] == "dead" for machine in machines)
    if num_left:
        console.print(f"\n{num_left} left behind; `claudebox-rl machines reap` removes them", highlight=False)
    return 0


def reap_machines(*, console: Console, dry_run: bool = False, detached: bool = False) -> int:
    """End and remove what dead owners left, and say so.

    Args:
        console: Where to print.
        dry_run: Only say what would be removed.
        detached: End machines too that nobody owns but that were to outlive their owner.

    Returns:
        0; 1 where something could not be removed.
    """
    done = reaper.leftovers(detached=detached) if dry_run else reaper.reap(wait=True, detached=detached)
    return _report(console, done, dry_run)


def reap_nodes(address: str, *, console: Console, dry_run: bool = False, detached: bool = False) -> int:
    """Do what `reap_machines` does on every node of a Ray cluster.

    Args:
        address: Of the cluster.
        console: Where to print.
        dry_run: Only say what would be removed.
        detached: End machines too that nobody owns but that were to outlive their owner.

    Returns:
        0; 1 where something could not be removed, or a node did not answer.

    Raises:
        ConfigError: The cluster can't be reached.
    """
    from claudebox_rl.distributed import reaping
    from claudebox_rl.distributed.cluster import ensure_ray

    ensure_ray(RayConfig(address))
    status = 0
    for node, done in reaping.reap_nodes(dry_run=dry_run, detached=detached):
        if isinstance(done, Exception):
            console.print(Text(f"{node.address}: {one_line(str(done))}", style="red"), soft_wrap=True)
            status = 1
        else:
            status |= _report(console, done, dry_run, where=f"{node.address}: ")
    return status


def _report(console: Console, done: Sequence[Leftover], dry_run: bool, where: str = "") -> int:
    for leftover in done:
        console.print(Text(where) + _deed(leftover, dry_run), soft_wrap=True)
    num_failed = sum(leftover.error is not None for leftover in done)
    verb = "would be removed" if dry_run else "removed"
    failed = f", {num_failed} could not be" if num_failed else ""
    console.print(f"{where}{len(done) - num_failed} {verb}{failed}", markup=False, highlight=False)
    return 1 if num_failed else 0


def _facts(entry: MachineRecord) -> dict[str, Any]:
    return {
        "sandbox_id": entry.sandbox_id,
        "backend": entry.backend,
        "owner": reaper.owner_of(entry),
        "owner_pid": entry.owner_pid,
        "machine_pid": entry.machine_pid,
        "age_s": round(max(time.time() - entry.created_at, 0.0), 1),
        "state_dir": entry.state_dir or None,
        "state_bytes": folder_bytes([Path(entry.state_dir)]) if entry.state_dir else 0,
        "place": entry.place,
        "host": entry.host,
    }


def _table(machines: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("id", "backend", "owner"):
        table.add_column(name, no_wrap=True)
    for name in ("owner pid", "machine pid", "age", "on disk"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("place", no_wrap=True)
    for machine in machines:
        row = [machine["sandbox_id"], machine["backend"], machine["owner"], machine["owner_pid"] or "-"]
        row += [machine["machine_pid"] or "-", age(machine["age_s"]), f"{compact(machine['state_bytes'])}B"]
        cells = [Text(one_line(str(cell))) for cell in (*row, _where(machine["place"], machine["host"]))]
        cells[2].stylize(_OWNER_STYLES[machine["owner"]])
        table.add_row(*cells)
    return table


def _where(place: str, host: str) -> str:
    here = _place.here()
    if place == here:
        return "here"
    if _place.boot_of(place) == _place.boot_of(here):
        return "another container"
    return "another boot" if host == _place.host() else "another host"


def _deed(leftover: Leftover, dry_run: bool) -> Text:
    name = one_line(leftover.name)
    why = _KINDS[leftover.kind]
    if leftover.record is not None:
        owner_pid = leftover.record.owner_pid
        why = f"{leftover.record.backend}, " + (f"of process {owner_pid}, which is gone" if owner_pid else "detached")
    if leftover.error is not None:
        return Text(f"can't remove {name} ({one_line(why)}): {one_line(leftover.error)}", style="red")
    return Text(f"{'would remove' if dry_run else 'removed'} {name} ({one_line(why)})")
