"""What can be wrong with a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Problem(StrEnum):
    """Kinds of findings."""

    DAMAGED = "damaged"
    """A file can't be read, or its checksums do not fit."""
    MISSING_TABLE = "missing_table"
    """A part lacks the file of a table."""
    SCHEMA = "schema"
    """A column is missing or has another type, or a newer version of claudebox_rl wrote the part."""
    ORDER = "order"
    """Rows of an episode do not lie together, or steps are not numbered from 0 on."""
    REFERENCE = "reference"
    """A row points to an episode, a step or a call that is not there."""
    SUM = "sum"
    """What an episode says of itself contradicts its rows."""
    DOUBLED = "doubled"
    """An episode or a call is there more than once."""
    ORPHAN = "orphan"
    """Files of a part that never counted: a crash left them."""
    REPLACED = "replaced"
    """A part that was compacted is still there."""
    TEMPORARY = "temporary"
    """A file that a dead writer had begun."""
    ABANDONED = "abandoned"
    """A journal whose writer died, or a claim of a committer that did."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong."""

    problem: Problem
    where: str
    """A file or folder of the dataset, relative to it; of journals, the path on this host."""
    message: str
    episode_id: str | None = None
    """None: of no single episode."""
