"""Layers that are not files."""

from settings.values import nested, parse

PREFIX = "APP__"


def from_environment(environ):
    """Return a layer for each variable that counts."""
    names = sorted(name for name in environ if name.startswith(PREFIX))
    return [nested(name.removeprefix(PREFIX).lower().split("__"), parse(environ[name])) for name in names]


def from_assignments(assignments):
    """Return a layer for each `path=value`."""
    layers = []
    for assignment in assignments:
        path, value = assignment.rsplit("=", 1)
        layers.append(nested(path.split("."), parse(value)))
    return layers
