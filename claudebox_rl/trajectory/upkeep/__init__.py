"""What keeps a dataset in order: compaction, checks and repairs, and datasets made of others."""

from __future__ import annotations

from claudebox_rl.trajectory.upkeep.compaction import Compaction, compact
from claudebox_rl.trajectory.upkeep.findings import Finding, Problem
from claudebox_rl.trajectory.upkeep.making import filter_episodes, merge, split
from claudebox_rl.trajectory.upkeep.reparation import Repair, repair
from claudebox_rl.trajectory.upkeep.statistics import Statistics, Summary, stats
from claudebox_rl.trajectory.upkeep.verification import verify

__all__ = [
    "Compaction",
    "Finding",
    "Problem",
    "Repair",
    "Statistics",
    "Summary",
    "compact",
    "filter_episodes",
    "merge",
    "repair",
    "split",
    "stats",
    "verify",
]
