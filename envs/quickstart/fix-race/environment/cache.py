"""Values that are slow to load, each loaded once."""


class Cache:
    """Keeps what was loaded, for ever."""

    def __init__(self):
        self._values = {}

    def get(self, key, load):
        """Return the value of a key; the first time it comes from `load(key)`."""
        if key not in self._values:
            self._values[key] = load(key)
        return self._values[key]
