"""The store."""

from memo.clock import system
from memo.entry import Entry


class LruStore:
    """A mapping of at most `size` keys, each of which lives for `ttl` seconds after it was last set.

    Setting a new key on a full store first drops what has expired; only if that makes no room it drops the key that was used
    least recently. Setting and successfully getting a key is a use of it, nothing else is. Setting a key that is there drops no
    other.
    """

    def __init__(self, size, ttl, clock=system):
        self.size, self.ttl, self.clock = size, ttl, clock
        self._entries = {}

    def set(self, key, value):
        """Store a value, whose time to live begins now."""
        if len(self._entries) >= self.size:
            self._make_room()
        if key in self._entries:
            self._entries[key].value = value
        else:
            self._entries[key] = Entry(value, self.clock() + self.ttl)

    def get(self, key, default=None):
        """Return the value of a key, or the default if it is not there or has expired."""
        entry = self._entries.get(key)
        if entry is None:
            return default
        if not entry.alive(self.clock()):
            del self._entries[key]
            return default
        return entry.value

    def keys(self):
        """Return the keys that have not expired, the least recently used one first."""
        now = self.clock()
        return [key for key, entry in self._entries.items() if entry.alive(now)]

    def __len__(self):
        return len(self.keys())

    def _make_room(self):
        now = self.clock()
        for key in [key for key, entry in self._entries.items() if not entry.alive(now)]:
            del self._entries[key]
        del self._entries[next(iter(self._entries))]
