"""Groups: episodes of one task that begin in one state, or branch off from one of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import repeat
from queue import Empty, SimpleQueue
from typing import Any

import gymnasium as gym

from claudebox_rl.env.seats import seat_class
from claudebox_rl.playing.group_start import Forked, GroupStart, Trunk
from claudebox_rl.playing.player import EpisodePlayer, make_seat
from claudebox_rl.types import Episode, EpisodeRequest, Outcome

Idle = SimpleQueue[EpisodePlayer]


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

    def play(
        self, unit: Sequence[EpisodeRequest], player: EpisodePlayer, idle: Idle | None = None
    ) -> Generator[Episode]:
        """Play the requests of one group, and yield each episode as it ends.

        Args:
            unit: One or more requests of one task and one group.
            player: Plays.
            idle: Players that help as long as they are here; None: one episode after another, in this thread.
        """
        group_id = unit[0].group_id
        start = self._kept.pop(group_id, None) or self._start(unit)
        self.close()
        play = partial(_play, start=start, branch_at=self._branch_at)
        is_lost = False
        try:
            playing = map(play, repeat(player), unit) if idle is None else _at_once(unit, player, idle, start, play)
            for episode in playing:
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


def _play(
    player: EpisodePlayer,
    request: EpisodeRequest,
    *,
    start: GroupStart | None,
    branch_at: int | None,
    on_branch: Callable[[], None] = lambda: None,
) -> Episode:
    if start is None:
        return player.play(request)
    if start.is_ready:
        with closing(Forked(start)) as env:
            return player.play(request, env)
    assert branch_at is not None
    return player.play(request, Trunk(player.env, start, branch_at, on_branch))


def _at_once(
    unit: Sequence[EpisodeRequest],
    player: EpisodePlayer,
    idle: Idle,
    start: GroupStart | None,
    play: Callable[..., Episode],
) -> Generator[Episode]:
    """Play in a thread for each player that can be had; where nothing can begin yet, one alone goes ahead."""
    waiting, flying = deque(unit), dict[Future[Episode], EpisodePlayer]()
    happened: SimpleQueue[Future[Episode] | None] = SimpleQueue()
    own: list[EpisodePlayer] = [player]
    with ThreadPoolExecutor(len(unit)) as threads:
        while waiting or flying:
            while waiting and (start is None or start.is_ready or not flying):
                helper = own.pop() if own else _lend(idle)
                if helper is None:
                    break
                episode = threads.submit(play, helper, waiting.popleft(), on_branch=partial(happened.put, None))
                flying[episode] = helper
                episode.add_done_callback(happened.put)
            if (ended := happened.get()) is None:
                continue
            helper = flying.pop(ended)
            (own.append if helper is player else idle.put)(helper)
            yield ended.result()


def _lend(idle: Idle) -> EpisodePlayer | None:
    try:
        return idle.get_nowait()
    except Empty:
        return None
