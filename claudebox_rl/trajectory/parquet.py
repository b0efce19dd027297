"""Parts of a table: written whole, read whole or in part."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Sequence
from typing import Any

from claudebox_rl.errors import SchemaVersionError, TrajectoryError, boundary
from claudebox_rl.trajectory._arrow import Table, pa, pc, pq
from claudebox_rl.trajectory._storage import Storage
from claudebox_rl.trajectory.journal import SCHEMA_VERSION
from claudebox_rl.trajectory.schema import DICTIONARY_COLUMNS, SCHEMAS, VERSION_KEY
from claudebox_rl.trajectory.seal import BLANK, KEY, fits, seal

_ROW_GROUP_BYTES = 16 << 20
# On texts of code and logs, level 9 writes 15 % less than 3 in three times the time, which is 2 s for 100 MB; 19 writes
# 25 % less in a hundred times. Each page is compressed alone, and what a talk says again lies far apart: so a page is
# as large as its row group, which our readers read whole anyway; pages of 1 to 4 MiB take 20 % more. Chunks of a table
# are combined before, since a page of more than 1 MiB would end with its chunk.
_LEVEL = 9
# Cut by content where a column of a row group is so long that nothing is lost by it (at 4 MiB, 4 %): files that share
# such runs, as before and after a merge, then share bytes, which hubs store once.
_CHUNKS = {"min_chunk_size": 8 << 20, "max_chunk_size": _ROW_GROUP_BYTES}


def write(table: Table, file: Any) -> None:
    """Write a table to an open file, which can be read and sought in too.

    Raises:
        OSError: The disk is full or failed; the file is then not whole.
    """
    mean_row_bytes = max(1, table.nbytes // max(1, table.num_rows))
    row_group_size = max(1, _ROW_GROUP_BYTES // mean_row_bytes)
    with pq.ParquetWriter(file, table.schema, **_options(table.schema)) as writer:
        for start in range(0, max(1, table.num_rows), row_group_size):
            writer.write_table(table.slice(start, row_group_size).combine_chunks())
        writer.add_key_value_metadata({KEY: BLANK})
    seal(file)


def write_stream(schema: Any, tables: Iterable[Table], file: Any) -> None:
    """Write tables of one schema, one after the other, to an open file; holds no more than a row group of them.

    Raises:
        OSError: The disk is full or failed; the file is then not whole.
    """
    with pq.ParquetWriter(file, schema, **_options(schema)) as writer:
        waiting: list[Table] = []
        num_bytes = 0
        for table in tables:
            waiting.append(table)
            num_bytes += table.nbytes
            if num_bytes >= _ROW_GROUP_BYTES:
                writer.write_table(pa.concat_tables(waiting).combine_chunks())
                waiting, num_bytes = [], 0
        if waiting:
            writer.write_table(pa.concat_tables(waiting).combine_chunks())
        writer.add_key_value_metadata({KEY: BLANK})
    seal(file)


def _options(schema: Any) -> dict[str, Any]:
    return {
        "compression": "zstd",
        "compression_level": _LEVEL,
        "use_dictionary": [name for name in DICTIONARY_COLUMNS if name in schema.names],
        # Those of long text would hold long text twice, in every row group and every page's index.
        "write_statistics": [field.name for field in schema if _is_short(field.type)],
        "write_page_index": True,
        "data_page_size": _ROW_GROUP_BYTES,
        "use_content_defined_chunking": _CHUNKS,
        "write_page_checksum": True,
    }


def _is_short(kind: Any) -> bool:
    return not (pa.types.is_nested(kind) or pa.types.is_large_string(kind))


def concatenate(name: str, tables: Iterable[Table]) -> Table:
    """Return the tables as one that has this version's columns and any newer ones, null where a part lacks them."""
    empty = pa.Table.from_batches([], SCHEMAS[name])
    return pa.concat_tables([empty, *tables], promote_options="permissive")


def read(storage: Storage, name: str, episode_id: str | None = None, columns: Sequence[str] | None = None) -> Table:
    """Read a part as it is stored, or only those row groups of it that may hold an episode.

    Args:
        storage: Where it is.
        name: Of the part.
        episode_id: None: all row groups.
        columns: Paths of columns, or of fields in them; those that the part lacks are left out. None: all.

    Raises:
        TrajectoryError: The file is damaged.
        SchemaVersionError: A newer version wrote it.
    """
    where = f"{storage}/{name}"
    with boundary(TrajectoryError, f"can't read {where}", path=where), opened(storage, name) as file:
        check_version(where, file.schema_arrow.metadata or {})
        if episode_id is None:
            return file.read(columns)
        groups = [i for i in range(file.num_row_groups) if _may_hold(file.metadata.row_group(i), episode_id)]
        return file.read_row_groups(groups, columns)


def opened(storage: Storage, name: str, footer: Any = None) -> Any:
    """Return the `ParquetFile` of a part, which is to be closed; its checksums are verified.

    Args:
        storage: Where it is.
        name: Its name.
        footer: The file's metadata, where it was read before.

    Raises:
        TrajectoryError: Its footer is damaged.
    """
    source = storage.open(name)
    is_sealed = footer is not None or fits(source)
    file = pq.ParquetFile(source, metadata=footer, page_checksum_verification=True)
    if not is_sealed and not _is_rewritten(file):
        file.close()
        raise TrajectoryError(f"can't read {storage}/{name}: its footer is damaged", path=f"{storage}/{name}")
    return file


def _is_rewritten(file: Any) -> bool:
    metadata: dict[bytes, bytes] = file.metadata.metadata or {}
    stored = metadata.get(b"ARROW:schema")
    return stored is not None and KEY in (pa.ipc.read_schema(pa.py_buffer(b64decode(stored))).metadata or {})


def select(name: str, tables: Iterable[Table], columns: Sequence[str]) -> Table:
    """Return the tables as one that has these columns alone, null where a part lacks one."""
    schema = SCHEMAS[name]
    whole = [_with_missing(table, [schema.field(column.partition(".")[0]) for column in columns]) for table in tables]
    if not whole:
        return pa.Table.from_batches([], schema).select(columns)
    return pa.concat_tables(whole, promote_options="permissive")


def _with_missing(table: Table, columns: Iterable[Any]) -> Table:
    for field in columns:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table


def belonging(table: Table, episodes: Table) -> Table:
    """Return the rows whose episode is in `episodes`."""
    known = pc.is_in(table["episode_id"], value_set=episodes["episode_id"])
    return table if pc.all(known, min_count=0).as_py() else table.filter(known)


def version_of(table: Table) -> int | None:
    """Return the schema version of a part that was read; None where another tool rewrote it and lost it."""
    metadata: dict[bytes, bytes] = table.schema.metadata or {}
    version = metadata.get(VERSION_KEY)
    return None if version is None else int(version)


def check_version(path: str, metadata: dict[bytes, bytes]) -> int:
    """Return the schema version that a file's metadata tells.

    Raises:
        SchemaVersionError: It is newer than this version of claudebox_rl.
    """
    version = int(metadata.get(VERSION_KEY, b"1"))  # a part that another tool rewrote has lost it
    if version > SCHEMA_VERSION:
        raise SchemaVersionError(
            f"{path} has schema version {version}, newer than {SCHEMA_VERSION}: upgrade claudebox_rl",
            path=path,
            version=version,
        )
    return version


def _may_hold(group: Any, episode_id: str) -> bool:
    columns = (group.column(i) for i in range(group.num_columns))
    statistics = next(column.statistics for column in columns if column.path_in_schema == "episode_id")
    if statistics is None or not statistics.has_min_max or not statistics.has_null_count:
        return True
    # A text without an episode is used by several.
    return statistics.null_count > 0 or statistics.min <= episode_id <= statistics.max
