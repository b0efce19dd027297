"""What the policy plays: each seat has its spaces, what it sees of an episode, and what an action does there."""

from __future__ import annotations

from claudebox_rl._registry import resolve
from claudebox_rl.env.seats.seat import Seat

SEATS = {
    "model": "claudebox_rl.env.seats.model:ModelSeat",
    "shell": "claudebox_rl.env.seats.shell:ShellSeat",
    "tool": "claudebox_rl.env.seats.tool:ToolSeat",
    "user": "claudebox_rl.env.seats.user:UserSeat",
}


def seat_class(name: str) -> type[Seat]:
    """Return the seat of that name.

    Raises:
        ConfigError: Unknown name (the message lists the known ones).
    """
    return resolve("seat", name, SEATS)


__all__ = ["SEATS", "Seat", "seat_class"]
