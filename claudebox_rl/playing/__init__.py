"""Playing episodes: the loop, and what keeps account of it."""

from __future__ import annotations

from claudebox_rl.playing.episode import run_episode

__all__ = ["run_episode"]
