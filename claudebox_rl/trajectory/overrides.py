"""The overrides of episodes as columns, so that a sweep's dataset is grouped by what was swept."""

from __future__ import annotations

from claudebox_rl.trajectory._arrow import Table, pa, pc

PREFIX = "overrides."
_KINDS = (pa.int64(), pa.float64(), pa.bool_())


def with_overrides(episodes: Table) -> Table:
    """Return the table `episodes` with a column `overrides.<key>` for each setting that any of them overrides.

    Values are as they were given on the command line: numbers where all of a column are numbers, else true and false,
    else text; null for `null`, and where an episode did not override the setting.
    """
    given = [dict(map(_pair, overrides or ())) for overrides in episodes["overrides"].to_pylist()]
    for key in dict.fromkeys(key for each in given for key in each):
        values = pa.array([each.get(key) for each in given], pa.string())
        episodes = episodes.append_column(f"{PREFIX}{key}", values)
    return typed(episodes)


def typed(table: Table) -> Table:
    """Return the table with its text columns `overrides.<key>` as numbers, or true and false, where all values are."""
    for index, name in enumerate(table.column_names):
        if name.startswith(PREFIX) and pa.types.is_string(table[name].type):
            table = table.set_column(index, name, _typed(table[name]))
    return table


def _pair(override: str) -> tuple[str, str | None]:
    key, _, value = override.partition("=")
    return key.lstrip("+~"), None if value == "null" else value


def _typed(values: Table) -> Table:
    for kind in _KINDS:
        try:
            return pc.cast(values, kind)
        except pa.ArrowInvalid:
            continue
    return values
