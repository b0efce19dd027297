"""Recorded episodes: journaled as they are played, committed into Parquet tables, read back as values.

Importing this loads no pyarrow; committing and reading do.
"""

from __future__ import annotations

from claudebox_rl.trajectory._storage import Storage, storage_of
from claudebox_rl.trajectory.dataset import Dataset, EpisodeRecord, load_dataset
from claudebox_rl.trajectory.finished import finished_episode
from claudebox_rl.trajectory.groups import Group, groups_of
from claudebox_rl.trajectory.holding import driving, working
from claudebox_rl.trajectory.journal import SCHEMA_VERSION, EpisodeJournal, is_open
from claudebox_rl.trajectory.recovery import Interrupted, interrupted_episode, recover, set_aside
from claudebox_rl.trajectory.store import commit
from claudebox_rl.trajectory.training import MessageRow, TokenRow, training_rows

__all__ = [
    "SCHEMA_VERSION",
    "Dataset",
    "EpisodeJournal",
    "EpisodeRecord",
    "Group",
    "Interrupted",
    "MessageRow",
    "Storage",
    "TokenRow",
    "commit",
    "driving",
    "finished_episode",
    "groups_of",
    "interrupted_episode",
    "is_open",
    "load_dataset",
    "recover",
    "set_aside",
    "storage_of",
    "training_rows",
    "working",
]
