"""Conditions on episodes, in a form that statistics of row groups can be held against."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Protocol, TypeAlias, cast

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory._arrow import Table, pa, pc
from claudebox_rl.trajectory.schema import EPISODES

Where: TypeAlias = "Mapping[str, Any] | Any"
"""Conditions by name as `Dataset.filter` takes them, or a `pyarrow.compute.Expression`."""

_SHORT = {"return": "episode_return"}
_LAST_CHARACTER = "\U0010ffff"


class Condition(Protocol):
    """What an episode's row must fulfil."""

    def columns(self, known: Sequence[str]) -> list[str]:
        """Return which of the known columns it looks at, at most."""
        ...

    def mask(self, table: Table) -> Any:
        """Return for each row whether it fulfils this; null counts as no."""
        ...

    def may_hold(self, statistics: Mapping[str, Any]) -> bool:
        """Whether a row group with such statistics, by column, may have rows that fulfil this."""
        ...


@dataclass(frozen=True, slots=True)
class OneOf:
    """A column has one of some values, or is like one of some patterns."""

    column: str
    values: tuple[Any, ...]
    """Null is among them as None."""
    patterns: tuple[str, ...] = ()
    """With `*` for any text and `?` for a character."""

    def columns(self, known: Sequence[str]) -> list[str]:
        """See `Condition`."""
        del known
        return [self.column]

    def mask(self, table: Table) -> Any:
        """See `Condition`."""
        column = table[self.column]
        found = pc.is_in(column, value_set=pa.array(self.values, column.type))
        for pattern in self.patterns:
            found = pc.or_kleene(found, pc.match_substring_regex(column, _regex(pattern)))
        return found

    def may_hold(self, statistics: Mapping[str, Any]) -> bool:
        """See `Condition`."""
        known = statistics.get(self.column)
        if known is None or (None in self.values and known.null_count != 0) or not known.has_min_max:
            return True
        ranges = [(value, value) for value in self.values if value is not None]
        for pattern in self.patterns:
            begin = re.split(r"[*?]", pattern, maxsplit=1)[0]
            ranges.append((begin, begin + _LAST_CHARACTER))
        return any(known.min <= high and low <= known.max for low, high in ranges)


@dataclass(frozen=True, slots=True)
class Between:
    """A column lies in a range, ends included. None: no end."""

    column: str
    low: Any = None
    high: Any = None

    def columns(self, known: Sequence[str]) -> list[str]:
        """See `Condition`."""
        del known
        return [self.column]

    def mask(self, table: Table) -> Any:
        """See `Condition`."""
        column = table[self.column]
        ends = ((self.low, pc.greater_equal), (self.high, pc.less_equal))
        return reduce(pc.and_kleene, [compare(column, end) for end, compare in ends if end is not None])

    def may_hold(self, statistics: Mapping[str, Any]) -> bool:
        """See `Condition`."""
        known = statistics.get(self.column)
        if known is None or not known.has_min_max:
            return True
        return (self.low is None or known.max >= self.low) and (self.high is None or known.min <= self.high)


@dataclass(frozen=True, slots=True)
class Matches:
    """An expression of pyarrow is true. The library's own row group pruning is left to `claudebox_rl` conditions."""

    expression: Any

    def columns(self, known: Sequence[str]) -> list[str]:
        """See `Condition`. An expression doesn't tell its columns, but its text has their names, and maybe more."""
        text = str(self.expression)
        return [name for name in known if name in text]

    def mask(self, table: Table) -> Any:
        """See `Condition`."""
        import pyarrow.dataset  # type: ignore[import-untyped]  # another 0.2 to 2 s, so only who has an expression pays

        scan: Any = cast("Any", pyarrow.dataset).dataset(table)
        return scan.to_table(columns={"it": self.expression})["it"]

    def may_hold(self, statistics: Mapping[str, Any]) -> bool:
        """See `Condition`."""
        del statistics
        return True


def conditions_of(where: Where | None, named: Mapping[str, Any], known: Iterable[str]) -> tuple[Condition, ...]:
    """Return what `Dataset.filter` was given as conditions.

    Args:
        where: An expression, or a mapping as `named`.
        named: A value, a collection of values, text with `*` and `?`, or None (null) by column; ends of ranges by
            `min_<column>` and `max_<column>`. `return` is short for `episode_return`.
        known: Names of the table's columns.

    Raises:
        TrajectoryError: There is no such column, or a value does not fit it.
    """
    names = list(known)
    if isinstance(where, Mapping):
        both = set(cast("Mapping[str, Any]", where)) & set(named)
        if both:
            raise TrajectoryError(f"given twice: {', '.join(sorted(both))}")
        return _named({**cast("Mapping[str, Any]", where), **named}, names)
    if where is None:
        return _named(named, names)
    if not isinstance(where, pc.Expression):
        raise TrajectoryError(f"where={where!r} is neither a mapping nor a pyarrow.compute.Expression")
    return (Matches(where), *_named(named, names))


def mask_of(conditions: Sequence[Condition], table: Table) -> Any:
    """Return for each row whether it fulfils all of one or more conditions.

    Raises:
        TrajectoryError: An expression names a column that is not there, or does not fit its column.
    """
    with boundary(TrajectoryError, "can't filter episodes"):
        return reduce(pc.and_kleene, [condition.mask(table) for condition in conditions])


def _named(given: Mapping[str, Any], known: Sequence[str]) -> tuple[Condition, ...]:
    return tuple(_condition(name, value, known) for name, value in given.items())


def _condition(name: str, value: Any, known: Sequence[str]) -> Condition:
    column = _SHORT.get(name, name)
    if column in known:
        return _one_of(column, value)
    end, _, rest = name.partition("_")
    column = _SHORT.get(rest, rest)
    if end not in ("min", "max") or column not in known:
        raise TrajectoryError(
            f"no column {name!r} in episodes, and no end of a range of one (min_..., max_...); "
            f"columns: {', '.join(known)}",
            column=name,
        )
    bound = _fitting(column, value)
    if bound is None:
        raise TrajectoryError(f"{name}=None is no end of a range")
    return Between(column, low=bound) if end == "min" else Between(column, high=bound)


def _one_of(column: str, value: Any) -> OneOf:
    many = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
    values = cast("Iterable[Any]", value if many else (value,))
    given = [_fitting(column, each) for each in values]
    patterns = tuple(each for each in given if isinstance(each, str) and re.search(r"[*?]", each))
    return OneOf(column, tuple(each for each in given if each not in patterns), patterns)


def _fitting(column: str, value: Any) -> Any:
    """Return the value as the column holds it: `Outcome.COMPLETED` as text, 1 as 1.0 in a column of numbers."""
    if column not in EPISODES.names or value is None:
        return value
    kind = EPISODES.field(column).type
    with boundary(TrajectoryError, f"{column}={value!r} does not fit a column of {kind}", column=column):
        return pa.scalar(str(value) if isinstance(value, str) else value, kind).as_py()


def _regex(pattern: str) -> str:
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern))
    return f"(?s)^{''.join(parts)}$"
