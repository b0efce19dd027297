"""The recorded calls of an episode, one tape for each agent, and where each of them stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from claudebox_rl.gateway.capture.caller import MAIN
from claudebox_rl.gateway.upstreams._divergence import Difference, first_difference
from claudebox_rl.gateway.upstreams._volatile import Comparison
from claudebox_rl.types import ModelCall


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded call."""

    index: int
    """Place among all calls of the episode, from 0."""
    call: ModelCall
    request: dict[str, Any]
    """Without its volatile parts."""


@dataclass(slots=True)
class Tape:
    """The recorded calls of one agent, in the order in which they were made."""

    agent_path: str
    entries: list[Entry] = field(default_factory=list[Entry])
    num_played: int = 0

    def play(self, request: dict[str, Any]) -> tuple[Entry | None, Difference | None]:
        """Take the entry that answers a request, and say where that differs from the recorded one.

        A request that is the last one over again, as agents send it after a lost answer, takes the last entry again.
        """
        entry = self.entries[self.num_played] if self.num_played < len(self.entries) else None
        difference = first_difference(entry.request, request) if entry else None
        if entry is not None and difference is None:
            self.num_played += 1
            return entry, None
        if self.num_played and first_difference(self.entries[self.num_played - 1].request, request) is None:
            return self.entries[self.num_played - 1], None
        self.num_played += entry is not None
        return entry, difference


class Tapes:
    """All tapes of one episode.

    Args:
        calls: As recorded.
        comparison: What counts as equal.
    """

    def __init__(self, calls: Sequence[ModelCall], comparison: Comparison) -> None:
        self._tapes: dict[str, Tape] = {}
        self._playing: dict[str, Tape] = {}
        for index, call in enumerate(calls):
            tape = self._tapes.setdefault(call.agent_path, Tape(call.agent_path))
            tape.entries.append(Entry(index, call, comparison.lasting(call.request)))
        for tape in self._tapes.values():
            tape.entries.sort(key=lambda entry: entry.call.started_at)

    def of(self, agent_path: str, request: dict[str, Any]) -> Tape:
        """Return the tape of an agent; sub-agents, whose ids are made anew each time, are known by what they ask first.

        Args:
            agent_path: Of the agent that asks now.
            request: What it asks, without volatile parts.
        """
        if agent_path not in self._playing:
            self._playing[agent_path] = self._free(agent_path, request)
        return self._playing[agent_path]

    def unplayed(self) -> Iterator[Entry]:
        """Yield the recorded calls that were not asked for."""
        for tape in self._tapes.values():
            yield from tape.entries[tape.num_played :]

    def _free(self, agent_path: str, request: dict[str, Any]) -> Tape:
        if agent_path == MAIN:
            return self._tapes.get(MAIN) or Tape(MAIN)
        taken = [id(tape) for tape in self._playing.values()]
        free = [tape for path, tape in self._tapes.items() if path != MAIN and id(tape) not in taken]
        same = [tape for tape in free if first_difference(tape.entries[0].request, request) is None]
        return next(iter([*same, *free]), Tape(agent_path))
