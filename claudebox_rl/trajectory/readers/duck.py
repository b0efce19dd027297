"""A dataset's tables in a connection of DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claudebox_rl.trajectory.readers.arrow import Stream
from claudebox_rl.trajectory.readers.library import library

if TYPE_CHECKING:
    from claudebox_rl.trajectory.dataset import Dataset

TABLES = ("episodes", "steps", "model_calls")


def connection(dataset: Dataset, given: Any | None) -> Any:
    """Return a connection in which the tables are views; see `Dataset.to_duckdb`.

    Raises:
        ConfigError: DuckDB is not installed.
    """
    found = library("duckdb").connect() if given is None else given
    for name in TABLES:
        found.register(name, Stream(dataset, name))
    return found
