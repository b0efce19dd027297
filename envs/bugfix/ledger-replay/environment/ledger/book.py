"""The ledger."""

from ledger.errors import Overdrawn
from ledger.events import Moved
from ledger.snapshots import Snapshots
from ledger.state import State


class Book:
    """A ledger; see the README."""

    def __init__(self, snapshot_every):
        self._events = []
        self._snapshots = Snapshots(snapshot_every)
        self._state = State()

    def deposit(self, key, account, amount):
        """Put an amount on an account."""
        return self._take(Moved(key, None, account, amount))

    def transfer(self, key, source, target, amount):
        """Move an amount between two accounts."""
        return self._take(Moved(key, source, target, amount))

    def balances(self, version=None):
        """Return the balances of a version, by default the latest."""
        if version is None:
            version = len(self._events)
        if not 0 <= version <= len(self._events):
            raise LookupError(f"no version {version}")
        return self._at(version).balances

    def restart(self):
        """Forget the state and build it anew."""
        self._state = self._at(len(self._events))

    def _at(self, version):
        state = self._snapshots.latest(version) or State()
        for event in self._events[max(0, state.version - 1) : version]:
            state.apply(event)
        return state

    def _take(self, event):
        if event.key in self._state.keys:
            return self._state.keys[event.key]
        if event.amount < 1 or event.source == event.target:
            raise ValueError(f"not a movement: {event}")
        if event.source is not None and self._state.balances.setdefault(event.source, 0) < event.amount:
            raise Overdrawn(event.source)
        self._events.append(event)
        self._state.apply(event)
        self._snapshots.offer(self._state)
        return self._state.version
