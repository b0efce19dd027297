"""Some episodes of one part: as tables, and as values."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory._arrow import Table, pc, text_array
from claudebox_rl.trajectory.joining import has_references, joined
from claudebox_rl.trajectory.reading.part import OpenPart
from claudebox_rl.trajectory.reading.shape import joined_shapes, shaped
from claudebox_rl.trajectory.record import EpisodeRecord
from claudebox_rl.trajectory.rows import call_of, episode_of, step_of
from claudebox_rl.trajectory.texts import Parser

_ID = "episode_id"
_NEEDED = {
    "episodes": ("episode_id", "run_id", "task_id", "outcome", "episode_return", "rewards", "config", "overrides"),
    "steps": (
        "episode_id",
        "step_index",
        "observation",
        "action",
        "reward",
        "reward_terms",
        "terminated",
        "truncated",
        "tool_calls",
    ),
    "model_calls": ("call_id", "episode_id", "step_index", "request", "response", "status"),
}
"""Without these columns a row is no value."""

Columns = Mapping[str, Sequence[str]]
"""Of a table that is not named, all; of one with none, no rows."""


class Batch:
    """Some episodes of a dataset, of which the files stay open for as long as it is held.

    Attributes:
        episodes: Their rows.
    """

    def __init__(self, path: object, part: OpenPart, episodes: Table, columns: Columns) -> None:
        self.episodes = shaped("episodes", episodes, columns.get("episodes"))
        self._path, self._part, self._rows, self._columns = path, part, episodes, columns

    def __len__(self) -> int:
        return self._rows.num_rows

    @property
    def episode_ids(self) -> tuple[str, ...]:
        """In the order of `episodes`."""
        return tuple(self._rows["episode_id"].to_pylist())

    @property
    def steps(self) -> Table:
        """Read when asked for, each time."""
        return self.table("steps")

    @property
    def model_calls(self) -> Table:
        """Read when asked for, each time, with all texts in their places: much may come of many long episodes."""
        return self.table("model_calls")

    def table(self, name: str, columns: Sequence[str] | None = None) -> Table:
        """Return a table's rows of these episodes; without `columns`, of those that were chosen."""
        chosen = self._columns.get(name) if columns is None else columns
        return joined_shapes(name, list(self.pieces(name, columns)), chosen)

    def pieces(self, name: str, columns: Sequence[str] | None = None) -> Generator[Table]:
        """Yield such a table, a few rows at a time where their texts are large."""
        columns = self._columns.get(name) if columns is None else columns
        if name == "episodes":
            yield shaped(name, self._rows, columns)
            return
        for stored in self._part.pieces_of(name, *self._asked(columns)):
            rows = shaped(name, stored, columns if columns is None else [*columns, _ID])
            for some in self._part.by_texts(rows) if has_references(rows) else (rows,):
                texts = self._part.texts_of(pc.unique(some[_ID]))
                yield from (shaped(name, piece, columns) for piece in joined(some, texts))

    def __iter__(self) -> Iterator[EpisodeRecord]:
        self._check_columns()
        steps, calls = (self._stored(name, self._columns.get(name)) for name in ("steps", "model_calls"))
        steps_at, calls_at = _runs(steps), _runs(calls)
        for index, episode_id in enumerate(self.episode_ids):
            with boundary(TrajectoryError, f"{self._path}: episode {episode_id!r} is damaged"):
                parser = Parser(self._part.texts_of(text_array(episode_id, self._rows[_ID].type)))
                record = _record(
                    parser,
                    self._rows.slice(index, 1).to_pylist()[0],
                    [row for start, stop in steps_at.get(episode_id, ()) for row in _rows(steps, start, stop)],
                    [row for start, stop in calls_at.get(episode_id, ()) for row in _rows(calls, start, stop)],
                )
            yield record

    def _stored(self, name: str, columns: Sequence[str] | None) -> Table:
        return self._part.rows_of(name, *self._asked(columns))

    def _asked(self, columns: Sequence[str] | None) -> tuple[Any, Sequence[str] | None]:
        """Return of which episodes rows are read, and which columns of them."""
        ids = self._rows[_ID].combine_chunks()
        asked = columns if columns is None or _ID in columns else [*columns, _ID]
        return ids.slice(0, 0) if columns == () else ids, asked

    def _check_columns(self) -> None:
        for name, chosen in self._columns.items():
            missing = [column for column in _NEEDED[name] if column not in chosen]
            if missing and (chosen or name == "episodes"):
                raise TrajectoryError(
                    f"episodes as values need the columns {', '.join(missing)} of {name}, which were not chosen: "
                    f"choose them, or read tables (`batches()`)"
                )


def _record(
    parser: Parser, episode: dict[str, Any], steps: list[dict[str, Any]], calls: list[dict[str, Any]]
) -> EpisodeRecord:
    return EpisodeRecord(
        episode=episode_of(episode),
        steps=tuple(sorted((step_of(row, parser) for row in steps), key=lambda step: step.step_index)),
        model_calls=tuple(call_of(row, parser) for row in calls),
        call_steps=tuple(call["step_index"] for call in calls),
    )


def _rows(table: Table, start: int, stop: int) -> list[dict[str, Any]]:
    return table.slice(start, stop - start).to_pylist()


def _runs(table: Table) -> dict[str, list[tuple[int, int]]]:
    """Return where each episode's rows lie: one run, unless another tool reordered the part."""
    runs: dict[str, list[tuple[int, int]]] = {}
    for episode_id, start, stop in _stretches(table["episode_id"].to_pylist()):
        runs.setdefault(episode_id, []).append((start, stop))
    return runs


def _stretches(ids: list[str]) -> Generator[tuple[str, int, int]]:
    start = 0
    for i in range(1, len(ids) + 1):
        if i == len(ids) or ids[i] != ids[start]:
            yield ids[start], start, i
            start = i
