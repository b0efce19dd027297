"""The forms in which a dataset is handed to other libraries, as methods of `Dataset`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from claudebox_rl.trajectory.record import EpisodeRecord

if TYPE_CHECKING:
    from claudebox_rl.trajectory.dataset import Dataset


class Forms:
    """Base of `Dataset`."""

    def to_arrow(self, table: str = "episodes", columns: Sequence[str] | None = None) -> Any:
        """Return a table as a `pyarrow.RecordBatchReader`, which reads as it is read: once, and in bounded memory."""
        from claudebox_rl.trajectory.readers.arrow import reader

        return reader(self._dataset, table, columns)

    def to_pandas(self, table: str = "episodes", columns: Sequence[str] | None = None) -> Any:
        """Return a table as a `pandas.DataFrame`.

        Raises:
            ConfigError: Here as below: the library is not installed; the message names the extra.
        """
        from claudebox_rl.trajectory.readers.arrow import reader
        from claudebox_rl.trajectory.readers.library import library

        library("pandas")
        return reader(self._dataset, table, columns).read_pandas()

    def to_polars(self, table: str = "episodes") -> Any:
        """Return a table as a `polars.LazyFrame`. A query reads only the columns that it uses."""
        from claudebox_rl.trajectory.readers.polars_frame import lazy_frame

        return lazy_frame(self._dataset, table)

    def to_duckdb(self, connection: Any | None = None) -> Any:
        """Return a DuckDB connection, a new one or the given, with `episodes`, `steps` and `model_calls` as views."""
        from claudebox_rl.trajectory.readers.duck import connection as connected

        return connected(self._dataset, connection)

    def to_ray(self, table: str = "episodes", columns: Sequence[str] | None = None) -> Any:
        """Return a table as a `ray.data.Dataset`, read by a task a part, where the path can be read by every node."""
        from claudebox_rl.trajectory.readers.ray_data import ray_dataset

        return ray_dataset(self._dataset, table, columns)

    def to_torch(
        self,
        items: Callable[[EpisodeRecord], Iterable[Any]],
        *,
        seed: int | None = None,
        rank: int | None = None,
        num_ranks: int | None = None,
    ) -> Any:
        """Return a `torch.utils.data.IterableDataset` of what `items` makes of each episode: none, one or many.

        Each item comes once in an epoch, over all ranks and all workers of a `DataLoader`.

        Args:
            items: A function of an `EpisodeRecord`, such as `training_rows`. Picklable where workers are spawned.
            seed: Of the order, which is another one each epoch; None: the order of commits.
            rank: Of this process; None: that of `torch.distributed` where it is initialised, else the only one.
            num_ranks: How many there are.
        """
        from claudebox_rl.trajectory.readers.torch_items import EpisodeItems

        return EpisodeItems(self._dataset, items, seed=seed, rank=rank, num_ranks=num_ranks)

    @property
    def _dataset(self) -> Dataset:
        return cast("Dataset", self)
