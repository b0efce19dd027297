"""The texts of several parts as those of one: each once, what several episodes use first."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from claudebox_rl.trajectory._arrow import Table, pa

Rows = Callable[[Sequence[str] | None], Generator[Table]]
"""Yields the rows of a source's `texts` by row groups: of these columns, or of all."""


def merged(sources: Sequence[Rows], schema: Any) -> Generator[Table]:
    """Yield the rows of the part that is made of the sources, in the order of their episodes.

    Reads the ids once and the texts twice, and holds the ids of all and the texts of one row group.
    """
    owners = _owners(sources)
    for shared in (True, False):
        told: set[str] = set()
        for rows in sources:
            for table in rows(None):
                names: list[str] = table["text_id"].to_pylist()
                mask = [(owners[name] is None) is shared and name not in told for name in names]
                told.update(name for name, is_taken in zip(names, mask, strict=True) if is_taken)
                taken = table.filter(pa.array(mask, pa.bool_()))
                if taken.num_rows:
                    ids = pa.array([owners[name] for name in taken["text_id"].to_pylist()], pa.string())
                    index = taken.column_names.index("episode_id")
                    whole = pa.concat_tables(
                        [schema.empty_table(), taken.set_column(index, "episode_id", ids)], promote_options="permissive"
                    )
                    yield whole.select(schema.names).cast(schema)


def _owners(sources: Sequence[Rows]) -> dict[str, str | None]:
    owners: dict[str, str | None] = {}
    for rows in sources:
        for table in rows(["episode_id", "text_id"]):
            for row in table.to_pylist():
                name, owner = row["text_id"], row["episode_id"]
                owners[name] = owner if owners.get(name, owner) == owner else None
    return owners
