"""Orders."""

from warehouse.errors import OrderError

MOVES = {
    ("waiting", "reserved"),
    ("reserved", "shipped"),
    ("waiting", "cancelled"),
    ("reserved", "cancelled"),
    ("cancelled", "cancelled"),
    ("shipped", "cancelled"),
    ("waiting", "expired"),
    ("reserved", "expired"),
}


class Order:
    """An order: what it wants, until when, and its state."""

    def __init__(self, lines, until):
        self.wants = dict(lines)
        self.until = until
        self.state = "waiting"

    def move(self, state):
        """Change the state, and return the one before."""
        if (self.state, state) not in MOVES:
            raise OrderError(f"a {self.state} order can't be {state}")
        before, self.state = self.state, state
        return before
