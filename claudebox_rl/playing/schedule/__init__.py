"""Who is played next: fair over tasks, failed attempts again after a while, until nothing helps. No clock, no Ray."""

from __future__ import annotations

from claudebox_rl.playing.schedule.schedule import Schedule
from claudebox_rl.playing.schedule.unit import LOOKAHEAD, Unit, Work, as_unit

__all__ = ["LOOKAHEAD", "Schedule", "Unit", "Work", "as_unit"]
