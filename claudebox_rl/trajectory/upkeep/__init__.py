"""What keeps a dataset in order: compaction, checks and repairs, and datasets made of others."""

from __future__ import annotations

from claudebox_rl.trajectory.upkeep.compaction import Compaction, compact

__all__ = ["Compaction", "compact"]
