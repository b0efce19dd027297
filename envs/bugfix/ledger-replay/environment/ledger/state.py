"""The state that events lead to."""


class State:
    """Balances by account, the version, and the version that each key led to."""

    def __init__(self, balances=None, version=0, keys=None):
        self.balances = {} if balances is None else balances
        self.version = version
        self.keys = {} if keys is None else keys

    def apply(self, event):
        """Go on by an event."""
        if event.source is not None:
            self.balances[event.source] -= event.amount
        self.balances[event.target] = self.balances.get(event.target, 0) + event.amount
        self.version += 1
        self.keys[event.key] = self.version

    def copy(self):
        """Return a state that changes apart from this one."""
        return State(self.balances, self.version)
