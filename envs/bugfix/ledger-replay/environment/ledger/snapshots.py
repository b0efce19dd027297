"""Snapshots."""


class Snapshots:
    """Keeps a copy of the state after each so many events."""

    def __init__(self, every):
        self._every = every
        self._kept = []

    def offer(self, state):
        """Keep a state if it is time."""
        if state.version % self._every == 0:
            self._kept.append(state.copy())

    def latest(self, version):
        """Return a copy of the latest state up to a version, or None."""
        found = [state for state in self._kept if state.version <= version]
        return found[-1] if found else None
