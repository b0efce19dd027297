"""Finding circles."""


def shortest_circle(graph):
    """Return the shortest circle of a graph as the README says, or None."""
    for name in graph:
        path = _walk(graph, name, [])
        if path:
            return path
    return None


def _walk(graph, name, path):
    if name in path:
        return [*path, name]
    for other in graph[name]:
        found = _walk(graph, other, [*path, name])
        if found:
            return found
    return None
