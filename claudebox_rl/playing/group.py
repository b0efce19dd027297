"""Groups: episodes of one task that begin in one state, or branch off from one of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from functools import partial
from queue import SimpleQueue
from typing import Any

import gymnasium as gym

from claudebox_rl.env.seats import seat_class
from claudebox_rl.playing.group_start import Forked, GroupStart, Trunk
from claudebox_rl.playing.player import EpisodePlayer, make_seat
from claudebox_rl.types import Episode, EpisodeRequest, Outcome


class GroupPlayer:
    """Plays groups, whose members begin in one prepared state where the seat can be forked.

    What stood for a group of which a member was lost to the infrastructure stays until the next group is played: that
    member's next attempt may come before.

    Args:
        env_kwargs: Keywords of `ClaudeBoxEnv`, as the players'.
        branch_at: Steps of the first member after which the others branch off; None: they begin where it begins.
    """

    def __init__(self, env_kwargs: dict[str, Any], branch_at: int | None = None) -> None:
        self._env_kwargs, self._branch_at = env_kwargs, branch_at
        self._can_fork = seat_class(env_kwargs.get("seat", "user")).can_fork
        self._kept: dict[str | None, GroupStart] = {}

    def play(self, unit: Sequence[EpisodeRequest], players: Sequence[EpisodePlayer]) -> Generator[Episode]:
        """Play the requests of one group, and yield each episode as it ends.

        Args:
            unit: One or more requests of one task and one group.
            players: As many as may play at the same time; a single one plays in this thread.
        """
        group_id = unit[0].group_id
        start = self._kept.pop(group_id, None) or self._start(unit)
        self.close()
        is_lost = False
        try:
            for episode in self._members(unit, players, start):
                is_lost = is_lost or episode.outcome is Outcome.INFRA_ERROR
                yield episode
        finally:
            if start is not None and is_lost:
                self._kept[group_id] = start
            elif start is not None:
                start.close()

    def close(self) -> None:
        """End what still stands. Idempotent."""
        for group_id in tuple(self._kept):
            if (start := self._kept.pop(group_id, None)) is not None:
                start.close()

    def _start(self, unit: Sequence[EpisodeRequest]) -> GroupStart | None:
        """Return where the members begin; None where each begins by a reset of its own, which comes to the same."""
        if not self._can_fork or len(unit) == 1:
            return None
        return GroupStart(partial(self._prepare, unit[0]) if self._branch_at is None else None)

    def _prepare(self, request: EpisodeRequest) -> gym.Env[Any, Any]:
        env = make_seat(self._env_kwargs)
        try:
            env.reset(seed=request.seed, options={"task": request.task_id} if request.task_id else {})
        except BaseException:
            env.close()
            raise
        return env

    def _members(
        self, unit: Sequence[EpisodeRequest], players: Sequence[EpisodePlayer], start: GroupStart | None
    ) -> Generator[Episode]:
        """Play those that go ahead to the end, so that no branch is stored without them; then the others at once."""
        waiting = deque(unit)
        while waiting and start is not None and not start.is_ready:
            assert self._branch_at is not None
            yield players[0].play(waiting.popleft(), Trunk(players[0].env, start, self._branch_at))
        if len(players) == 1:
            yield from (_play(players[0], request, start) for request in waiting)
        else:
            yield from _at_once(waiting, players, start)


def _play(player: EpisodePlayer, request: EpisodeRequest, start: GroupStart | None) -> Episode:
    if start is None:
        return player.play(request)
    with closing(Forked(start)) as env:
        return player.play(request, env)


def _at_once(
    requests: Iterable[EpisodeRequest], players: Sequence[EpisodePlayer], start: GroupStart | None
) -> Generator[Episode]:
    free: SimpleQueue[EpisodePlayer] = SimpleQueue()
    for player in players:
        free.put(player)

    def play(request: EpisodeRequest) -> Episode:
        player = free.get()
        try:
            return _play(player, request, start)
        finally:
            free.put(player)

    threads = ThreadPoolExecutor(len(players))
    try:
        for ended in as_completed([threads.submit(play, request) for request in requests]):
            yield ended.result()
    finally:
        threads.shutdown(cancel_futures=True)
