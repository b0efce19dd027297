"""What a store keeps for a key."""


class Entry:
    """A value, and when it ends to be one."""

    def __init__(self, value, expires):
        self.value = value
        self.expires = expires

    def alive(self, now):
        """Whether the value may still be used: only before its end, not at it."""
        return now <= self.expires
