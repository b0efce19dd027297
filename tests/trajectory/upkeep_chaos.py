"""Writers and a compactor: each works in a loop until it is killed. Started by `test_upkeep_kills.py`."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from trajectory_values import UNICODE, blob_of, journal, sound_record

import claudebox_rl.trajectory.gathering  # what a process needs is imported before it is forked
import claudebox_rl.trajectory.upkeep.rewriting  # noqa: F401
from claudebox_rl.trajectory import EpisodeRecord, commit
from claudebox_rl.trajectory.upkeep import compact
from claudebox_rl.trajectory.workspace.blobs import put_blobs

_PACE_S = 0.02


def expected(episode_id: str) -> EpisodeRecord:
    """What a writer stores under an id."""
    record = sound_record(episode_id, num_steps=2, text=UNICODE * 12)
    return replace(record, episode=replace(record.episode, workspace_files=(blob_of(episode_id.encode()),)))


def write(dataset: Path, told: Path) -> None:
    """Play episodes, and commit every second one; in `told` is each that must never be missing."""
    with told.open("ab", buffering=0) as file:
        index = 0
        while True:
            name = f"{os.getpid()}-{index}"
            record = expected(name)
            (blob,) = record.episode.workspace_files or ()
            assert not put_blobs(dataset, {blob.sha256 or "": name.encode()})
            journal(dataset, record)
            file.write(f"{name}\n".encode())
            if index % 2:
                commit(dataset)
            index += 1
            time.sleep(_PACE_S)


def tidy(dataset: Path, _told: Path) -> None:
    """Compact, again and again."""
    while True:
        compact(dataset)
        time.sleep(_PACE_S)
