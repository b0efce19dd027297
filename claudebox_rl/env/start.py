"""What one episode begins with; it travels to where the machine is."""

from __future__ import annotations

from dataclasses import dataclass

from claudebox_rl.tasks import Task


@dataclass(frozen=True, slots=True)
class EpisodeStart:
    """One `reset`, decided where the environment is."""

    task: Task
    episode_id: str
    seed: int
    """What is drawn inside the episode follows from it."""
    prompt: str | None = None
    """First prompt of the seats in which the agent is sent one; None: the task's instruction."""


@dataclass(frozen=True, slots=True)
class ForkStart:
    """One fork of an episode, decided likewise."""

    episode_id: str
    seed: int | None = None
    """As in `EpisodeStart`; None: draws go on as the parent's do."""
