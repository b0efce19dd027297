"""Tasks: folders in Harbor's layout, read, checked and found by name."""

from __future__ import annotations

from claudebox_rl.tasks.find import find_tasks, shipped_suites
from claudebox_rl.tasks.load import load_task
from claudebox_rl.tasks.playable import check_playable
from claudebox_rl.tasks.scaffold import new_task
from claudebox_rl.tasks.task import Artifact, CollectCommand, Network, SeparateMachine, Task, Verification

__all__ = [
    "Artifact",
    "CollectCommand",
    "Network",
    "SeparateMachine",
    "Task",
    "Verification",
    "check_playable",
    "find_tasks",
    "load_task",
    "new_task",
    "shipped_suites",
]
