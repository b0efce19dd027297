"""The store."""


class Store:
    """Values by key, both texts."""

    def __init__(self):
        self._values = {}

    def get(self, key):
        """Return the value of a key, or None."""
        return self._values.get(key)

    def set(self, key, value):
        """Set the value of a key."""
        self._values[key] = value

    def delete(self, key):
        """Take a key away; return whether it was there."""
        return self._values.pop(key, None) is not None
