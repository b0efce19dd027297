"""Tables in the shape that was asked for, whichever columns their part has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import parquet
from claudebox_rl.trajectory._arrow import Table, pa
from claudebox_rl.trajectory.schema import SCHEMAS


def shaped(name: str, table: Table, columns: Sequence[str] | None) -> Table:
    """Return a table with the chosen columns alone, null where its part lacks one.

    Args:
        name: Of the table.
        table: Rows of one part.
        columns: Names, or paths of a list's fields, which are in their column. None: this version's, and any newer.
    """
    if columns is None:
        return parquet.concatenate(name, [table])
    return filled(name, table, columns).select(tops(columns))


def filled(name: str, table: Table, columns: Iterable[str]) -> Table:
    """Return a table with null in those columns that it lacks."""
    for column in tops(columns):
        if column not in table.column_names:
            kind = SCHEMAS[name].field(column).type if column in SCHEMAS[name].names else pa.null()
            table = table.append_column(column, pa.nulls(table.num_rows, kind))
    return table


def joined_shapes(name: str, tables: Sequence[Table], columns: Sequence[str] | None) -> Table:
    """Return tables that are `shaped` alike as one."""
    empty = pa.Table.from_batches([], schema_of(name, columns))
    return pa.concat_tables([empty, *tables], promote_options="permissive")


def schema_of(name: str, columns: Sequence[str] | None) -> Any:
    """Return the schema of `shaped` tables, as far as no part has newer columns."""
    schema = SCHEMAS[name]
    if columns is None:
        return schema
    # A path leaves other fields of its column out, and which is up to the files.
    return pa.schema([schema.field(column) for column in tops(columns) if column in columns])


def check_columns(name: str, columns: Iterable[str]) -> None:
    """Refuse columns that the table does not have.

    Raises:
        TrajectoryError: There is no such table or column; the message names those that there are.
    """
    if name not in SCHEMAS:
        raise TrajectoryError(f"no table {name!r}; tables: {', '.join(SCHEMAS)}")
    known = SCHEMAS[name].names
    unknown = [column for column in tops(columns) if column not in known]
    if unknown:
        raise TrajectoryError(f"no column {', '.join(unknown)} in {name}; columns: {', '.join(known)}")


def tops(columns: Iterable[str]) -> list[str]:
    """Return the columns that names and paths of fields lie in, each once."""
    return list(dict.fromkeys(column.partition(".")[0] for column in columns))
