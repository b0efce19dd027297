"""What packages there are."""


class Index:
    """Versions of packages by name."""

    def __init__(self, versions):
        self._versions = {name: list(texts) for name, texts in versions.items()}

    def versions(self, name):
        """Return the versions of a package, as texts."""
        return list(self._versions.get(name, ()))
