"""Results that are kept as long as they are right."""


class Memory:
    """Results by name, for a version of a matrix."""

    def __init__(self):
        self._version, self._results = 0, {}

    def result(self, version, name, compute):
        """Return the result of a name for a version, computed if it isn't known. The version counts changes."""
        if version != self._version:
            self._version = version
        if name not in self._results:
            self._results[name] = compute()
        return self._results[name]
