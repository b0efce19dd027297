"""Parts made of others: row group by row group, so that no more than one of each file is in memory."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from typing import Any

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory._arrow import Table, pa
from claudebox_rl.trajectory._storage import TABLES, TEXTS_SINCE, Fill, Storage
from claudebox_rl.trajectory.live import REPLACES_KEY
from claudebox_rl.trajectory.parquet import check_version, concatenate, write_stream
from claudebox_rl.trajectory.schema import SCHEMAS, VERSION_KEY
from claudebox_rl.trajectory.upkeep.source import Source, batches, read_schema, version_of
from claudebox_rl.trajectory.upkeep.texts_kept import kept_texts
from claudebox_rl.trajectory.upkeep.texts_merging import merged


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


def _fill(name: str, sources: Sequence[Source], replaces: Sequence[str]) -> Fill:
    def fill(file: Any) -> None:
        schema = _schema(name, sources)
        if name == "episodes" and replaces:
            schema = schema.with_metadata({**schema.metadata, REPLACES_KEY: json.dumps(list(replaces)).encode()})
        write_stream(schema, _tables(name, sources, schema), file)

    return fill


def _schema(name: str, sources: Sequence[Source]) -> Any:
    """Return all columns that any source has, and the version of the sources."""
    empty = [read_schema(source, name).empty_table() for source in sources]
    version = _version(sources[0], name)
    metadata: dict[bytes, bytes] = {**(SCHEMAS[name].metadata or {}), VERSION_KEY: str(version).encode()}
    return concatenate(name, empty).schema.with_metadata(metadata)


def _tables(name: str, sources: Iterable[Source], schema: Any) -> Generator[Table]:
    if name == "texts":
        yield from merged([kept_texts(source) for source in sources], schema)
        return
    for source in sources:
        for table in batches(source, name):
            if table.num_rows:
                whole = pa.concat_tables([schema.empty_table(), table], promote_options="permissive")
                yield whole.select(schema.names).cast(schema)


def _version(source: Source, name: str) -> int:
    return check_version(source.path(name), read_schema(source, name).metadata or {})
