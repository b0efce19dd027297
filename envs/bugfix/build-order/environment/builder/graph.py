"""Graphs of names."""

from builder.errors import UnknownTarget


def needed(project, wanted):
    """Return the part of a project that wanted targets need, as a dictionary of sets."""
    part = {}

    def visit(name):
        if name not in project:
            raise UnknownTarget(name)
        if name not in part:
            part[name] = set(project[name])
            for other in project[name]:
                visit(other)

    for name in wanted:
        visit(name)
    return part


def turned(graph):
    """Return the graph with all its edges turned around."""
    around = {name: set() for name in graph}
    for name, others in graph.items():
        for other in others:
            around[other].add(name)
    return around
