"""Parts made of others: row group by row group, so that no more than one of each file is in memory."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory._arrow import Table, pa, pc
from claudebox_rl.trajectory._storage import TABLES, TEXTS_SINCE, Fill, Storage
from claudebox_rl.trajectory.live import REPLACES_KEY
from claudebox_rl.trajectory.parquet import check_version, concatenate, opened, write_stream
from claudebox_rl.trajectory.schema import SCHEMAS, VERSION_KEY
from claudebox_rl.trajectory.upkeep.texts_merging import merged


@dataclass(frozen=True, slots=True)
class Source:
    """A part, or some episodes of it."""

    storage: Storage
    part: str
    keep: frozenset[str] | None = None
    """Ids of episodes; None: all."""

    def path(self, table: str) -> str:
        """Return where a table's file is, for messages."""
        return f"{self.storage}/{table}/{self.part}"


def rewrite(target: Storage, part: str, sources: Sequence[Source], replaces: Sequence[str] = ()) -> None:
    """Put one part in place that has the rows of the sources, in their order.

    Args:
        target: Where to.
        part: Its name.
        sources: Of one schema version.
        replaces: The parts of `target` that count no more as soon as this one is there.

    Raises:
        TrajectoryError: A source is damaged, or the disk or server failed; the part is then not seen.
    """
    tables = [name for name in TABLES if name != "texts" or version_of(sources[0]) >= TEXTS_SINCE]
    fills = {name: _fill(name, sources, replaces) for name in tables}
    with boundary(TrajectoryError, f"can't write {target}/*/{part}", part=part):
        target.put_files(part, fills)


def version_of(source: Source) -> int:
    """Return the schema version of a part.

    Raises:
        TrajectoryError: It is damaged.
    """
    return _version(source, "episodes")


def batches(source: Source, name: str, columns: Sequence[str] | None = None) -> Generator[Table]:
    """Yield the rows of a source's table by row groups.

    Raises:
        TrajectoryError: The file is damaged or gone.
    """
    where = source.path(name)
    with (
        boundary(TrajectoryError, f"can't read {where}", path=where),
        opened(source.storage, f"{name}/{source.part}") as file,
    ):
        check_version(where, file.schema_arrow.metadata or {})
        for index in range(file.num_row_groups):
            yield _kept(file.read_row_group(index, columns), source.keep)


def _fill(name: str, sources: Sequence[Source], replaces: Sequence[str]) -> Fill:
    def fill(file: Any) -> None:
        schema = _schema(name, sources)
        if name == "episodes" and replaces:
            schema = schema.with_metadata({**schema.metadata, REPLACES_KEY: json.dumps(list(replaces)).encode()})
        write_stream(schema, _tables(name, sources, schema), file)

    return fill


def _schema(name: str, sources: Sequence[Source]) -> Any:
    """Return all columns that any source has, and the version of the sources."""
    empty = [_read_schema(source, name).empty_table() for source in sources]
    version = _version(sources[0], name)
    metadata: dict[bytes, bytes] = {**(SCHEMAS[name].metadata or {}), VERSION_KEY: str(version).encode()}
    return concatenate(name, empty).schema.with_metadata(metadata)


def _tables(name: str, sources: Iterable[Source], schema: Any) -> Generator[Table]:
    if name == "texts":
        yield from merged([partial(batches, source, name) for source in sources], schema)
        return
    for source in sources:
        for table in batches(source, name):
            if table.num_rows:
                whole = pa.concat_tables([schema.empty_table(), table], promote_options="permissive")
                yield whole.select(schema.names).cast(schema)


def _kept(table: Table, keep: frozenset[str] | None) -> Table:
    if keep is None:
        return table
    # A text without an episode is used by several, perhaps by one of these.
    kept = pc.is_in(table["episode_id"], value_set=pa.array(sorted(keep), pa.string()))
    return table.filter(pc.or_(kept, pc.is_null(table["episode_id"])))


def _version(source: Source, name: str) -> int:
    return check_version(source.path(name), _read_schema(source, name).metadata or {})


def _read_schema(source: Source, name: str) -> Any:
    where = source.path(name)
    with (
        boundary(TrajectoryError, f"can't read {where}", path=where),
        opened(source.storage, f"{name}/{source.part}") as file,
    ):
        return file.schema_arrow
