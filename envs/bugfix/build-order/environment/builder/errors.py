"""What is wrong with a project."""


class UnknownTarget(LookupError):
    """A name is no target."""


class Cycle(ValueError):
    """Targets need each other."""

    def __init__(self, path):
        super().__init__("cycle: " + " -> ".join(path))
        self.path = path
