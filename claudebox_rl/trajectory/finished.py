"""One episode that was brought to its end, wherever it stands between its journal and the tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from claudebox_rl.trajectory._storage import journal_folder, storage_of
from claudebox_rl.trajectory.dataset import load_dataset
from claudebox_rl.trajectory.journal import SUFFIX, is_finished
from claudebox_rl.trajectory.replay import replay
from claudebox_rl.trajectory.rows import episode_of
from claudebox_rl.types import Episode


def finished_episode(dataset: str | Path, episode_id: str) -> Episode | None:
    """Return an episode that was brought to its end, committed or not; None where there is none.

    Args:
        dataset: The dataset's folder or URI; of journals, those on this host.
        episode_id: The episode's whole id.

    Raises:
        TrajectoryError: What is stored of it is damaged, or the storage can't be read.
    """
    # In the order in which a commit moves it, so that one that goes on meanwhile hides nothing.
    for path in _journals(journal_folder(dataset), f"{episode_id}{SUFFIX}"):
        with suppress(FileNotFoundError):
            if is_finished(path) and (row := replay(path).episode) is not None:
                return episode_of(row)
    if not storage_of(dataset).names("episodes"):
        return None
    stored = load_dataset(dataset)
    return stored[episode_id].episode if episode_id in stored.episode_ids else None


def _journals(folder: Path, name: str) -> Iterator[Path]:
    yield folder / name
    yield from folder.glob(f"*/{name}")
