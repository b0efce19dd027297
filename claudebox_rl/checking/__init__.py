"""Whether tasks are worth training on: played by their solution, by nobody, at random, and by cheats."""

from __future__ import annotations

from claudebox_rl.checking.check import check_tasks
from claudebox_rl.checking.findings import Finding, find
from claudebox_rl.checking.play import Play
from claudebox_rl.checking.playable_here import playable_here
from claudebox_rl.checking.player import Player, Role
from claudebox_rl.checking.players import check_patterns, choose_players, players_of, sample_cheats
from claudebox_rl.checking.rates import careless_players, pass_rates, write_pass_rates

__all__ = [
    "Finding",
    "Play",
    "Player",
    "Role",
    "careless_players",
    "check_patterns",
    "check_tasks",
    "choose_players",
    "find",
    "pass_rates",
    "playable_here",
    "players_of",
    "sample_cheats",
    "write_pass_rates",
]
