"""What a journal holds, read back without trusting its last line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claudebox_rl.errors import SchemaVersionError, TrajectoryError
from claudebox_rl.trajectory.journal import JOURNAL_VERSION
from claudebox_rl.trajectory.rows import Row, fold_call, fold_step
from claudebox_rl.trajectory.texts import Texts


@dataclass(slots=True)
class Recorded:
    """The rows of one journal."""

    path: Path
    episode_id: str = ""
    """Empty where not even the first line is whole."""
    opened_at: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    """As given to `add_start`."""
    steps: list[Row] = field(default_factory=list[Row])
    calls: list[Row] = field(default_factory=list[Row])
    episode: Row | None = None
    """None where the writer died before it said how the episode ended."""
    size: int = 0
    """Bytes of the whole lines; what follows is the record that a kill cut off."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said of the episode."""
        return not (self.facts or self.steps or self.calls or self.episode)


def replay(path: Path, texts: Texts | None = None) -> Recorded:
    """Read a journal. A last line without its newline was cut off by a kill, and is left out.

    Args:
        path: The journal.
        texts: Takes the long texts out of each row as it is read: then memory holds each of them once.

    Raises:
        TrajectoryError: A whole line is damaged; the message names the file and the line.
        SchemaVersionError: A newer version wrote it.
    """
    recorded = Recorded(path)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                _take(recorded, json.loads(line), texts)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise TrajectoryError(
                    f"{path}, line {number} is damaged: {error!r}", path=str(path), line=number
                ) from error
            recorded.size += len(line)
    return recorded


def _take(recorded: Recorded, record: dict[str, Any], texts: Texts | None) -> None:
    match record["kind"]:
        case "open":
            if record["schema_version"] > JOURNAL_VERSION:
                raise SchemaVersionError(
                    f"{recorded.path} has schema version {record['schema_version']}, newer than {JOURNAL_VERSION}: "
                    "upgrade claudebox_rl"
                )
            recorded.episode_id, recorded.opened_at = record["episode_id"], record["at"]
        case "start":
            recorded.facts |= record["facts"]
        case "step":
            recorded.steps.append(record["row"] if texts is None else fold_step(record["row"], texts))
            recorded.calls += record["calls"] if texts is None else [fold_call(row, texts) for row in record["calls"]]
        case "calls":
            recorded.calls += record["calls"] if texts is None else [fold_call(row, texts) for row in record["calls"]]
        case "episode":
            recorded.episode = record["row"]
        case "end":
            pass
        case kind:
            raise ValueError(f"unknown kind {kind!r}")
