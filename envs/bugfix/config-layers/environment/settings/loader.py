"""The one way to settings."""

from settings.merge import merge
from settings.sources import from_assignments, from_environment


def load(defaults, files=(), environ=None, assignments=()):
    """Merge all layers; see the README."""
    settings = defaults
    for layer in [*files, *from_assignments(assignments), *from_environment(environ or {})]:
        settings = merge(settings, layer)
    return settings
