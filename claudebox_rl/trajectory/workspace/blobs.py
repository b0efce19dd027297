"""Contents by their hash: `blobs/<first two digits>/<SHA-256>` of a dataset, compressed, written once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory._storage import Storage, storage_of
from claudebox_rl.workspace_types import WorkspaceState

log = logging.getLogger(__name__)

STORED = ("blob", "archive")
"""Kinds of a workspace's files whose content is a blob."""


def blob_name(sha256: str) -> str:
    """Return the name of a blob in its dataset."""
    return f"blobs/{sha256[:2]}/{sha256}"


def put_blobs(dataset: str | Path, blobs: Mapping[str, bytes]) -> frozenset[str]:
    """Put contents into a dataset, those that it has not; return the hashes that are not there, since that failed.

    Args:
        dataset: Its folder or URI.
        blobs: Content by its SHA-256 in hexadecimal.
    """
    if not blobs:
        return frozenset()
    from claudebox_rl.trajectory._arrow import pa  # costs 0.6 s: only who has some pays it

    failed: set[str] = set()
    storage = storage_of(dataset)
    for sha256, content in blobs.items():
        try:
            storage.write_new(blob_name(sha256), lambda c=content: pa.compress(c, codec="zstd", asbytes=True))
        except OSError as error:
            log.warning("a file of the workspace can't be stored in %s: %s", dataset, error)
            failed.add(sha256)
    return frozenset(failed)


def without(state: WorkspaceState, missing: Collection[str]) -> WorkspaceState:
    """Return the state with what is missing told to be left out.

    Args:
        state: As it was taken.
        missing: SHA-256 of contents.
    """
    files = tuple(
        replace(file, kind="left_out") if file.kind in STORED and file.sha256 in missing else file
        for file in state.files
    )
    num = sum(new is not old for new, old in zip(files, state.files, strict=True))
    return replace(state, files=files, num_left_out=state.num_left_out + num)


def _stored(storage: Storage, name: str) -> bytes:
    data = storage.read(name)
    if data is None:
        raise TrajectoryError(f"{storage}/{name} is missing: the dataset was copied without its blobs", name=name)
    return data


def read_blob(storage: Storage, sha256: str, size: int) -> bytes:
    """Return a content, held against its hash.

    Args:
        storage: The dataset's.
        sha256: In hexadecimal.
        size: Bytes of the content.

    Raises:
        TrajectoryError: It is not there, or damaged.
    """
    from claudebox_rl.trajectory._arrow import pa

    name = blob_name(sha256)
    with boundary(TrajectoryError, f"can't read {storage}/{name}"):
        content = pa.decompress(_stored(storage, name), decompressed_size=size, codec="zstd", asbytes=True)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise TrajectoryError(f"{storage}/{name} is damaged: its content has another hash", name=name)
    return content
