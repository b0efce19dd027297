"""A task of several steps, as Harbor has them: each with an instruction, tests and a solution of its own.

They are called checkpoints here, since a step is a call of `env.step`. Layout and fields are Harbor's
(https://harborframework.com/docs/tasks/multi-step): `[[steps]]` in task.toml, and `steps/<name>/` with
`instruction.md`, `tests/`, `solution/` and `workdir/`, whose files are put into the working directory when the
checkpoint begins.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SCRIPT = "solve.sh"
_NEXT = """#!/bin/bash
# Plays the solution of one checkpoint after the other: .played counts those that were.
{{
  here=$(cd -- "$(dirname -- "$0")" && pwd)
  names=({names})
  played=$(cat -- "$here/.played" 2>/dev/null || echo 0)
  [ "$played" -lt {count} ] || {{ echo "all {count} checkpoints have been played" >&2; exit 1; }}
  echo $((played + 1)) >"$here/.played"
  exec bash "$here/${{names[played]}}/solve.sh"
}}
"""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One of a task's checkpoints."""

    name: str
    """Of its folder below `steps/`."""
    instruction: str
    least: Mapping[str, float] = field(default_factory=dict[str, float])
    """Rewards by name that its verdict must reach for the episode to go on; empty: it always does."""
    verifier_timeout_s: float | None = None
    """None: as the task's."""
    verifier_env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Over the task's."""

    def is_passed(self, rewards: Mapping[str, float]) -> bool:
        """Say whether a verdict's named rewards reach what is asked for."""
        return all(rewards.get(name, float("-inf")) >= least for name, least in self.least.items())


def files_below(folder: Path) -> dict[str, bytes]:
    """Return the content of each file, by its path below the folder."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def solutions(folder: Path, names: list[str]) -> dict[str, bytes]:
    """Return the solutions of all checkpoints, each in a folder of its own, and a `solve.sh` that plays the next one.

    Args:
        folder: `steps/` of the task.
        names: Of the checkpoints, in order.

    Returns:
        Content by path below /solution; empty where one has no solution.
    """
    if not all((folder / name / "solution" / SCRIPT).is_file() for name in names):
        return {}
    files = {f"{name}/{path}": data for name in names for path, data in files_below(folder / name / "solution").items()}
    script = _NEXT.format(names=" ".join(map(shlex.quote, names)), count=len(names))
    return {**files, SCRIPT: script.encode()}
