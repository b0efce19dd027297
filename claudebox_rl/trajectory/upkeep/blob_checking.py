"""Blobs that episodes refer to, held against their hashes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory._arrow import pa
from claudebox_rl.trajectory._storage import Storage
from claudebox_rl.trajectory.live import read_live
from claudebox_rl.trajectory.upkeep.findings import Finding, Problem
from claudebox_rl.trajectory.upkeep.source import Source, batches
from claudebox_rl.trajectory.workspace.blobs import STORED, blob_name

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class _Wanted:
    size: int
    episode_id: str
    """The first that refers to it."""


def check_blobs(storage: Storage) -> Generator[Finding]:
    """Read each blob that an episode refers to, once, and yield what is missing or is not what was stored.

    Parts that can't be read are left out.

    Raises:
        TrajectoryError: The storage can't be read at all.
    """
    for sha256, wanted in read_live(storage, lambda live: _wanted(storage, live)).items():
        if not _SHA256.fullmatch(sha256):
            message = f"a file of the workspace has {sha256!r} for a hash"
            yield Finding(Problem.REFERENCE, "episodes", message, wanted.episode_id)
            continue
        name = blob_name(sha256)
        data = storage.read(name)
        if data is None:
            yield Finding(Problem.REFERENCE, name, "the content of a workspace's file is missing", wanted.episode_id)
        elif (message := _wrong(data, sha256, wanted.size)) is not None:
            yield Finding(Problem.DAMAGED, name, message, wanted.episode_id)


def _wanted(storage: Storage, live: Iterable[str]) -> dict[str, _Wanted]:
    wanted: dict[str, _Wanted] = {}
    for part in live:
        try:
            for table in batches(Source(storage, part), "episodes", ["episode_id", "workspace_files"]):
                for row in table.to_pylist():
                    for file in row.get("workspace_files") or ():
                        _add(wanted, file, row["episode_id"])
        except TrajectoryError:
            if storage.has(f"episodes/{part}"):
                continue  # a damaged part is told of by itself
            raise
    return wanted


def _add(wanted: dict[str, _Wanted], file: dict[str, Any], episode_id: str) -> None:
    if file["kind"] in STORED:
        wanted.setdefault(file["sha256"] or "", _Wanted(file["size"], episode_id))


def _wrong(data: bytes, sha256: str, size: int) -> str | None:
    """Say what is wrong with a blob; reads it piece by piece, since only what it holds tells how large that is."""
    digest, num_bytes = hashlib.sha256(), 0
    try:
        with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
            while (chunk := stream.read(_CHUNK)) and num_bytes <= size:
                digest.update(chunk)
                num_bytes += len(chunk)
    except OSError as error:
        return f"can't be decompressed: {error}"
    if digest.hexdigest() != sha256:
        return "its content has another hash"
    return None if num_bytes == size else f"it has {num_bytes} bytes instead of {size}"
