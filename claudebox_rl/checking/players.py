"""Who plays a task, and how often."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fnmatch import fnmatchcase

from claudebox_rl.checking.cheats import OWN, own_cheats, shipped_cheats
from claudebox_rl.checking.player import NOTHING, SOLUTION, Player, Role
from claudebox_rl.checking.random_player import random_player
from claudebox_rl.errors import ConfigError
from claudebox_rl.tasks import Task

REPEAT = 3


def players_of(task: Task, repeat: int = REPEAT) -> list[Player]:
    """Return who plays a task: the solution `repeat` times, nothing, the random player, and each cheat.

    Raises:
        TaskError: A cheat of the task does not say what it tries.
    """
    return [*[SOLUTION] * repeat, NOTHING, random_player(task.task_id), *shipped_cheats(), *own_cheats(task)]


def choose_players(players: Sequence[Player], wanted: Sequence[str]) -> list[Player]:
    """Return those whose name or role one of the patterns matches, and nothing, against which gains are told.

    Args:
        players: Of a task.
        wanted: Names (`forged-reward`, `own:*`) and roles (`cheat`); empty: all.
    """
    if not wanted:
        return list(players)
    return [player for player in players if player is NOTHING or _matches(player, wanted)]


def sample_cheats(players: Sequence[Player], num_cheats: int, seed: str) -> list[Player]:
    """Return the players with only some of the shipped cheats, drawn by the seed; a task's own cheats all stay."""
    shipped = [player for player in players if player.role is Role.CHEAT and not player.name.startswith(OWN)]
    drawn = random.Random(seed).sample(shipped, min(num_cheats, len(shipped)))
    return [player for player in players if player not in shipped or player in drawn]


def check_patterns(tasks: Sequence[Task], wanted: Sequence[str]) -> None:
    """Refuse patterns that match no player of any task.

    Raises:
        ConfigError: Names the pattern and the known players.
    """
    players = {player.name: player for task in tasks for player in players_of(task, 1)}
    for pattern in wanted:
        if not any(_matches(player, [pattern]) for player in players.values()):
            raise ConfigError(f"no player is called {pattern!r}; known: cheat, {', '.join(players)}", pattern=pattern)


def _matches(player: Player, wanted: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in wanted for name in (player.name, player.role))
