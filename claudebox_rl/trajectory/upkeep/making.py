"""Datasets made of others: merged, split by task, filtered. Sources are never changed."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from claudebox_rl.errors import ConfigError
from claudebox_rl.trajectory._storage import local_folder
from claudebox_rl.trajectory.dataset import load_dataset
from claudebox_rl.trajectory.upkeep.copying import copy_into
from claudebox_rl.types import Outcome


def merge(sources: Sequence[str | Path], into: str | Path) -> int:
    """Put all episodes of some datasets into one; what is there already is skipped where it is equal.

    Returns:
        Episodes that were copied.

    Raises:
        ConfigError: A source is `into` itself.
        TrajectoryError: See `copy_into`.
    """
    for source in sources:
        _refuse_itself(source, into)
        load_dataset(source)
    return copy_into(into, dict.fromkeys(sources))


def split(dataset: str | Path, into: str | Path, shares: Mapping[str, float], seed: int = 0) -> dict[str, int]:
    """Put the episodes of each task, all of them, into one of several datasets below `into`.

    Where a task goes hangs on its id, the seed and the shares alone: it stays there when other tasks are added. The
    shares are of tasks in the long run; few tasks may fall otherwise.

    Args:
        dataset: The source.
        into: A folder or URI, in which a dataset of each name is made.
        shares: By name, positive; they sum to 1.
        seed: Another one splits otherwise.

    Returns:
        Episodes copied, by name.

    Raises:
        ConfigError: The shares do not sum to 1, or a name is not plain.
        TrajectoryError: See `copy_into`.
    """
    if not shares or min(shares.values()) <= 0 or not math.isclose(sum(shares.values()), 1.0):
        raise ConfigError(f"shares {dict(shares)} must be positive and sum to 1")
    for name in shares:
        if not name.replace("-", "").replace("_", "").isalnum():
            raise ConfigError(f"{name!r} is no plain name of a dataset")
    picked: dict[str, list[str]] = defaultdict(list)
    for row in load_dataset(dataset).episodes.select(["episode_id", "task_id"]).to_pylist():
        picked[side(row["task_id"], shares, seed)].append(row["episode_id"])
    return {
        name: copy_into(below(into, name), {dataset: frozenset(picked[name])}) if picked[name] else 0 for name in shares
    }


def filter_episodes(
    dataset: str | Path,
    into: str | Path,
    *,
    outcome: str | None = None,
    task: str | None = None,
    valid_for_training: bool | None = None,
    min_return: float | None = None,
    run_id: str | None = None,
    group_id: str | None = None,
    where: Any = None,
) -> int:
    """Copy the episodes for which all conditions hold.

    Args:
        dataset: The source.
        into: A folder or URI.
        outcome: `completed` and so on.
        task: A pattern of task ids, as of a shell: `quickstart/*`.
        valid_for_training: As the column says.
        min_return: Episodes without a return are left out.
        run_id: Of this rollout.
        group_id: Of this group.
        where: A `pyarrow.compute` expression over the columns of `episodes`.

    Returns:
        Episodes that were copied.

    Raises:
        ConfigError: There is no such outcome, or `into` is the source.
        TrajectoryError: See `copy_into`.
    """
    _refuse_itself(dataset, into)
    if outcome is not None and outcome not in list(Outcome):
        raise ConfigError(f"outcome {outcome!r} is none of {', '.join(Outcome)}")
    episodes = load_dataset(dataset).episodes
    if where is not None:
        episodes = episodes.filter(where)
    equal = {"outcome": outcome, "valid_for_training": valid_for_training, "run_id": run_id, "group_id": group_id}
    columns = ["episode_id", "task_id", "episode_return", *equal]
    kept = [
        row["episode_id"]
        for row in episodes.select(columns).to_pylist()
        if all(value is None or row[name] == value for name, value in equal.items())
        and (task is None or fnmatchcase(row["task_id"], task))
        and (min_return is None or (row["episode_return"] is not None and row["episode_return"] >= min_return))
    ]
    return copy_into(into, {dataset: frozenset(kept)}) if kept else 0


def below(dataset: str | Path, name: str) -> str | Path:
    """Return the dataset of that name in a folder or at a URI, which keeps its options."""
    if isinstance(dataset, Path) or "://" not in dataset:
        return Path(dataset) / name
    parts = urlsplit(dataset)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def side(task_id: str, shares: Mapping[str, float], seed: int) -> str:
    """Return on which side of a split a task falls; see `split`."""
    drawn = int.from_bytes(hashlib.sha256(f"{seed}:{task_id}".encode()).digest()[:8], "big") / 2**64
    for name, share in shares.items():
        drawn -= share
        if drawn < 0:
            return name
    return list(shares)[-1]


def _refuse_itself(source: str | Path, into: str | Path) -> None:
    one, other = local_folder(source), local_folder(into)
    same = str(source) == str(into) if one is None or other is None else one.resolve() == other.resolve()
    if same:
        raise ConfigError(f"{into} is a source itself: give another folder")
