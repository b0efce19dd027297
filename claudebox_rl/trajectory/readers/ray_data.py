"""A table of a dataset as Ray Data reads it: by tasks, each of one part, so that no rows pass through the driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from claudebox_rl.trajectory.readers.arrow import pieces, stream_schema
from claudebox_rl.trajectory.readers.library import library

if TYPE_CHECKING:
    from claudebox_rl.trajectory.dataset import Dataset


def ray_dataset(dataset: Dataset, name: str, columns: Sequence[str] | None) -> Any:
    """Return a `ray.data.Dataset`; see `Dataset.to_ray`.

    Raises:
        ConfigError: Ray Data is not installed.
    """
    parts = library("ray.data").range(dataset.num_parts, override_num_blocks=dataset.num_parts)
    read = _Read(dataset, name, columns)
    return parts.map_batches(read, batch_size=1, zero_copy_batch=True)


class _Read:
    """Reads the parts that it is given by number."""

    def __init__(self, dataset: Dataset, name: str, columns: Sequence[str] | None) -> None:
        self._dataset, self._name, self._columns = dataset, name, columns
        self.__name__ = f"read_{name}"  # Ray Data shows it

    def __call__(self, batch: Mapping[str, Any]) -> Iterator[Any]:
        """Yield their rows."""
        yield stream_schema(self._dataset, self._name, self._columns).empty_table()
        for part in batch["id"]:
            yield from pieces(self._dataset, self._name, self._columns, int(part))
