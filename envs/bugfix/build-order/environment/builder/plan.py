"""Orders."""

from builder.circles import shortest_circle
from builder.errors import Cycle, UnknownTarget
from builder.graph import needed, turned


def plan(project, wanted):
    """Return the order of a build; see the README."""
    graph = needed(project, wanted)
    order, done = [], set()
    while len(order) < len(graph):
        ready = [name for name in graph if name not in done and graph[name] <= done]
        if not ready or any(len(others) > 1 for others in turned(graph).values()):
            raise Cycle(shortest_circle(graph) or [])
        order += ready
        done.update(ready)
    return order


def outdated(project, changed):
    """Return what must be built again; see the README."""
    for name in changed:
        if name not in project:
            raise UnknownTarget(name)
    return sorted({*changed, *(name for name, others in project.items() if set(others) & set(changed))})
