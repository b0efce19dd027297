"""Episodes of some datasets, put into another one.

What is there already is skipped where it is equal, so whatever was killed is gone on with by the same call.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory._storage import Storage, storage_of
from claudebox_rl.trajectory.dataset import Dataset
from claudebox_rl.trajectory.live import live_parts, span
from claudebox_rl.trajectory.upkeep.compaction import part_bytes
from claudebox_rl.trajectory.upkeep.plan import TARGET_BYTES, digest
from claudebox_rl.trajectory.upkeep.turn import turn
from claudebox_rl.trajectory.workspace.blobs import blob_name

if TYPE_CHECKING:
    from claudebox_rl.trajectory.upkeep.source import Source

Picks = Mapping[str | Path, frozenset[str] | None]
"""By dataset the ids of the episodes that are wanted; None: all."""


def copy_into(into: str | Path, picks: Picks) -> int:
    """Put episodes into a dataset, with the contents of their workspaces and the records of their runs.

    Args:
        into: A folder or URI; made where missing.
        picks: What of which dataset; none of them is changed.

    Returns:
        Episodes that were copied, without those that were there already.

    Raises:
        TrajectoryError: Two different episodes have one id (nothing is copied then), a source is damaged, or disk or
            server failed.
    """
    from claudebox_rl.trajectory.upkeep.rewriting import rewrite

    with turn(into), boundary(TrajectoryError, f"can't copy into {into}", dataset=str(into)):
        target = storage_of(into)
        sources = list(_sources(into, target, picks))
        for source in sources:
            _copy_blobs(source, target)
        for group in _packed(sources):
            rewrite(target, _name(group), group)
        for dataset, keep in picks.items():
            _copy_runs(Dataset(dataset), storage_of(dataset), target, keep)
    return sum(len(_kept_ids(source)) for source in sources)


def _sources(into: str | Path, target: Storage, picks: Picks) -> Generator[Source]:
    from claudebox_rl.trajectory.upkeep.source import Source

    homes: dict[str, str | Path] = dict.fromkeys(_ids(target), into)
    for dataset, keep in picks.items():
        storage = storage_of(dataset)
        for part in live_parts(storage):
            ids = _kept_ids(Source(storage, part))
            wanted = [each for each in ids if keep is None or each in keep]
            for episode_id in set(wanted) & set(homes):
                _refuse_different(episode_id, homes[episode_id], dataset)
            fresh = frozenset(wanted) - set(homes)
            homes |= dict.fromkeys(fresh, dataset)
            if fresh:
                yield Source(storage, part, None if len(fresh) == len(ids) else fresh)


def _ids(storage: Storage) -> list[str]:
    from claudebox_rl.trajectory.upkeep.source import Source

    return [each for part in live_parts(storage) for each in _kept_ids(Source(storage, part))]


def _kept_ids(source: Source) -> list[str]:
    from claudebox_rl.trajectory.upkeep.source import batches

    tables = batches(source, "episodes", ["episode_id"])
    return [each for table in tables for each in table["episode_id"].to_pylist()]


def _refuse_different(episode_id: str, one: str | Path, other: str | Path) -> None:
    if repr(Dataset(one)[episode_id]) != repr(Dataset(other)[episode_id]):  # a NaN is not equal to itself
        raise TrajectoryError(
            f"episode {episode_id!r} is in {one} and in {other}, and they differ: leave one of them out",
            episode_id=episode_id,
        )


def _packed(sources: Sequence[Source]) -> Generator[list[Source]]:
    """Yield neighbours that make a part of a good size together."""
    from claudebox_rl.trajectory.upkeep.source import version_of

    sizes = {id(source.storage): part_bytes(source.storage) for source in sources}
    group: list[Source] = []
    size = 0
    for source in sources:
        if group and (size >= TARGET_BYTES or version_of(group[0]) != version_of(source)):
            yield group
            group, size = [], 0
        group.append(source)
        size += sizes[id(source.storage)].get(source.part, 0)
    if group:
        yield group


def _name(group: Sequence[Source]) -> str:
    """Return the part's name: the same for the same episodes, so that a second try meets the first."""
    starts = [found[0] for source in group if (found := span(source.part))]
    ids = [f"{source.path('episodes')} {sorted(source.keep or ())}" for source in group]
    return f"part-{min(starts, default='0' * 12)}{digest(ids)}.parquet"


def _copy_blobs(source: Source, target: Storage) -> None:
    from claudebox_rl.trajectory.upkeep.source import batches

    for table in batches(source, "episodes"):
        if "workspace_files" in table.column_names:
            files: list[dict[str, Any]] = [each for row in table["workspace_files"].to_pylist() for each in row or ()]
            for name in {blob_name(file["sha256"]) for file in files if file["sha256"]}:
                if not target.has(name) and (data := source.storage.read(name)) is not None:
                    target.write(name, data)


def _copy_runs(dataset: Dataset, source: Storage, target: Storage, keep: frozenset[str] | None) -> None:
    """Copy the records of runs of which episodes were taken, and what was judged anew of those."""
    from claudebox_rl.trajectory._arrow import pa, pc
    from claudebox_rl.trajectory.parquet import read, write
    from claudebox_rl.trajectory.rescores import FOLDER

    episodes = dataset.episodes.select(["episode_id", "run_id"]).to_pylist()
    for run_id in {row["run_id"] for row in episodes if row["run_id"] and (keep is None or row["episode_id"] in keep)}:
        name = f"runs/{run_id}.json"
        if not target.has(name) and (record := source.read(name)) is not None:
            target.write(name, record)
    for part in source.names(FOLDER):
        name = f"{FOLDER}/{part}"
        if part.endswith(".parquet") and not target.has(name):
            table = read(source, name)
            if keep is not None:
                table = table.filter(pc.is_in(table["episode_id"], value_set=pa.array(sorted(keep), pa.string())))
            if table.num_rows:
                buffer = pa.BufferOutputStream()
                write(table, buffer)
                target.write(name, buffer.getvalue().to_pybytes())
