"""What is given to a worker as a whole: one request, or the requests of a group."""

from __future__ import annotations

from dataclasses import dataclass, field

from claudebox_rl.errors import ConfigError, QuarantineError
from claudebox_rl.types import EpisodeRequest

Unit = tuple[EpisodeRequest, ...]
"""Requests of one task, at least one, that one worker plays; several are a group, forked from one prepared state."""
LOOKAHEAD = 1024
"""Units of a list that are read before their turn, so that tasks can take turns. Of anything else, which may make its
requests by what was played before, only what can be played at once is read."""


def as_unit(requests: EpisodeRequest | Unit) -> Unit:
    """Return what a user gave as a unit.

    Raises:
        ConfigError: It is empty, or its members have not one task.
    """
    unit = (requests,) if isinstance(requests, EpisodeRequest) else tuple(requests)
    if len({request.task_id for request in unit}) != 1:
        raise ConfigError("a group is a tuple of requests of one and the same task; give each task its own")
    return unit


@dataclass(eq=False, slots=True)
class Work:
    """A unit between being given out and being done with."""

    unit: Unit
    avoid: frozenset[str] = frozenset()
    """Nodes where it failed before: another one is better, where there is one."""
    refusal: QuarantineError | None = None
    """Why it is not to be played at all."""
    left: dict[str, EpisodeRequest] = field(init=False)
    """Members that have not ended, by episode id."""
    again: list[EpisodeRequest] = field(default_factory=list[EpisodeRequest], init=False)
    """Next attempts of members that failed."""

    def __post_init__(self) -> None:
        self.left = {request.episode_id: request for request in self.unit}

    @property
    def task(self) -> str:
        """The task's id; empty where the environment draws one."""
        return self.unit[0].task_id or ""
