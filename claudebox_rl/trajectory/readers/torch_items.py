"""Episodes as items for PyTorch: shared out over ranks and workers, in a new order each epoch, and gone on with.

In each epoch all episodes are put into one order, the same everywhere, which is cut into as many stretches as there are
ranks times workers. Blocks of neighbours in a part are shuffled, and the episodes in each: a stretch is read nearly as
fast as without a shuffle.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from claudebox_rl.errors import ConfigError
from claudebox_rl.trajectory.readers.library import library
from claudebox_rl.trajectory.record import EpisodeRecord

if TYPE_CHECKING:
    from claudebox_rl.trajectory.dataset import Dataset

torch_data: Any = library("torch.utils.data")
BLOCK = 64
"""Episodes in a block, at most."""


class EpisodeItems(torch_data.IterableDataset):
    """What a function makes of each episode; each item once over all ranks and workers. See `Dataset.to_torch`."""

    def __init__(
        self,
        dataset: Dataset,
        items: Callable[[EpisodeRecord], Iterable[Any]],
        *,
        seed: int | None,
        rank: int | None,
        num_ranks: int | None,
    ) -> None:
        if (rank is None) != (num_ranks is None):
            raise ConfigError("give rank and num_ranks, or neither")
        self._rank, self._num_ranks = _here() if rank is None or num_ranks is None else (rank, num_ranks)
        if not 0 <= self._rank < self._num_ranks:
            raise ConfigError(f"rank={self._rank} is none of {self._num_ranks} ranks")
        self._dataset, self._items, self._seed = dataset, items, seed
        self._epoch, self._num_episodes, self._num_items = 0, 0, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch the next iteration is: another order, from its start. Call it before workers start."""
        self._epoch, self._num_episodes, self._num_items = epoch, 0, 0

    def state_dict(self) -> dict[str, int]:
        """Return where this worker is: what `torchdata`'s `StatefulDataLoader` asks for."""
        return {"epoch": self._epoch, "num_episodes": self._num_episodes, "num_items": self._num_items}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from there, with as many ranks and workers as then."""
        self._epoch, self._num_episodes, self._num_items = state["epoch"], state["num_episodes"], state["num_items"]

    def __iter__(self) -> Iterator[Any]:
        """Yield this worker's items; when they have all been, the next iteration begins the next epoch."""
        stretch = self._stretch()
        for episode_id in stretch[self._num_episodes :]:
            for item in islice(self._items(self._dataset[episode_id]), self._num_items, None):
                self._num_items += 1
                yield item
            self._num_episodes, self._num_items = self._num_episodes + 1, 0
        self.set_epoch(self._epoch + 1)

    def _stretch(self) -> list[str]:
        worker = torch_data.get_worker_info()
        index, num_workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        shard, num_shards = self._rank * num_workers + index, self._num_ranks * num_workers
        ids = self._ordered()
        return ids[shard * len(ids) // num_shards : (shard + 1) * len(ids) // num_shards]

    def _ordered(self) -> list[str]:
        ids = list(self._dataset.episode_ids)
        if self._seed is None:
            return ids
        chance = random.Random(f"{self._seed}/{self._epoch}")
        blocks = [ids[start : start + BLOCK] for start in range(0, len(ids), BLOCK)]
        chance.shuffle(blocks)
        for block in blocks:
            chance.shuffle(block)
        return [episode_id for block in blocks for episode_id in block]


def _here() -> tuple[int, int]:
    distributed = library("torch.distributed")
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
