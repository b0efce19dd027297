"""The episodes that are to be judged, read by batches. One that can't be read holds up no other."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from itertools import islice

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory import Dataset, EpisodeRecord

_BATCH = 64
"""Episodes whose stored rows are held at once; their long texts are read as they come."""

Found = tuple[str, EpisodeRecord | TrajectoryError]
"""An id, and the episode, or why it can't be read."""


def records(dataset: Dataset, episode_ids: Iterable[str]) -> Generator[Found]:
    """Yield episodes in the order of commits, each once.

    Where a batch can't be read, its episodes are looked for one by one, so that only the damaged ones fail.

    Args:
        dataset: Where they are.
        episode_ids: The wanted ones.
    """
    left = dict.fromkeys(episode_ids)
    while left:
        try:
            for record in _batched(dataset, left):
                if (episode_id := record.episode.episode_id) in left:
                    del left[episode_id]
                    yield episode_id, record
            num_singly = len(left)  # went since they were listed
        except TrajectoryError:
            num_singly = _BATCH
        for episode_id in list(islice(left, num_singly)):
            del left[episode_id]
            yield episode_id, _one(dataset, episode_id)


def _batched(dataset: Dataset, wanted: Iterable[str]) -> Generator[EpisodeRecord]:
    names = list(wanted)
    some = dataset if len(names) == len(dataset) else dataset.filter(episode_id=names)
    for batch in some.batches(_BATCH):
        yield from batch


def _one(dataset: Dataset, episode_id: str) -> EpisodeRecord | TrajectoryError:
    try:
        return dataset[episode_id]
    except TrajectoryError as error:
        return error
