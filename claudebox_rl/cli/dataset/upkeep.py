"""`claudebox-rl dataset verify`, `repair` and `compact`, printed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from claudebox_rl.cli.untrusted import one_line
from claudebox_rl.trajectory.upkeep import Finding, compact, repair, verify


def print_findings(dataset: str, *, console: Console, as_json: bool) -> int:
    """Print what is wrong with a dataset; return 1 where something is.

    Raises:
        TrajectoryError: The storage can't be read.
    """
    findings = verify(dataset)
    if as_json:
        console.print_json(json.dumps([asdict(finding) for finding in findings]))
    else:
        _say(console, map(_line, findings))
        _say(console, [f"{len(findings)} findings" if findings else "nothing is wrong"])
    return 1 if findings else 0


def print_repair(dataset: str, *, console: Console) -> int:
    """Repair a dataset and print what was done and what is left; return 1 where something is.

    Raises:
        TrajectoryError: Somebody else puts it in order, or the storage can't be read or written.
    """
    done = repair(dataset)
    _say(console, done.done or ["nothing was to be done"])
    _say(console, (f"left: {_line(finding)}" for finding in done.left))
    return 1 if done.left else 0


def print_compaction(dataset: str, target_bytes: int, *, console: Console) -> None:
    """Compact a dataset and print what became of it.

    Raises:
        TrajectoryError: See `compact`.
    """
    done = compact(dataset, target_bytes=target_bytes)
    parts = f"{done.parts_before} parts of {done.bytes_before / 1e6:.1f} MB"
    _say(console, [f"{parts} are now {done.parts_after} of {done.bytes_after / 1e6:.1f} MB"])


def _line(finding: Finding) -> str:
    episode = f", episode {finding.episode_id}" if finding.episode_id else ""
    return f"{finding.problem}: {finding.where}{episode}: {finding.message}"


def _say(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(Text(one_line(line)), soft_wrap=True)
