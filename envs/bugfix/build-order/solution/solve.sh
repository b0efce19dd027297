#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit(
    "builder/graph.py",
    '''
    def visit(name):
        if name not in project:
            raise UnknownTarget(name)
        if name not in part:
            part[name] = set(project[name])
            for other in project[name]:
                visit(other)

    for name in wanted:
        visit(name)
    return part''',
    '''    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in project:
            raise UnknownTarget(name)
        if name not in part:
            part[name] = set(project[name])
            waiting += part[name]
    return part''',
)
edit(
    "builder/circles.py",
    '''    for name in graph:
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
    return None''',
    '''    best = None
    for start in sorted(graph):
        found = _back_to(graph, start, len(best) - 1 if best else len(graph) + 1)
        if found:
            best = found
    return best


def _back_to(graph, start, below):
    """Return the smallest of the shortest circles from a name over larger ones, of fewer than so many names, or None."""
    paths, seen = [[start]], {start}
    while paths and len(paths[0]) < below:
        longer = []
        for path in paths:
            for other in sorted(graph[path[-1]]):
                if other == start:
                    return [*path, start]
                if other > start and other not in seen:
                    seen.add(other)
                    longer.append([*path, other])
        paths = longer
    return None''',
)
edit(
    "builder/plan.py",
    '''from builder.circles import shortest_circle
from builder.errors import Cycle, UnknownTarget
from builder.graph import needed, turned''',
    '''import heapq

from builder.circles import shortest_circle
from builder.errors import Cycle, UnknownTarget
from builder.graph import needed, turned''',
)
edit(
    "builder/plan.py",
    '''    order, done = [], set()
    while len(order) < len(graph):
        ready = [name for name in graph if name not in done and graph[name] <= done]
        if not ready or any(len(others) > 1 for others in turned(graph).values()):
            raise Cycle(shortest_circle(graph) or [])
        order += ready
        done.update(ready)
    return order''',
    '''    users = turned(graph)
    missing = {name: len(others) for name, others in graph.items()}
    ready = [name for name, amount in missing.items() if amount == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        name = heapq.heappop(ready)
        order.append(name)
        for user in users[name]:
            missing[user] -= 1
            if missing[user] == 0:
                heapq.heappush(ready, user)
    if len(order) < len(graph):
        raise Cycle(shortest_circle({name: graph[name] - set(order) for name in set(graph) - set(order)}))
    return order''',
)
edit(
    "builder/plan.py",
    '''    for name in changed:
        if name not in project:
            raise UnknownTarget(name)
    return sorted({*changed, *(name for name, others in project.items() if set(others) & set(changed))})''',
    '''    users = {name: set() for name in project}
    for name, others in project.items():
        for other in others:
            users.setdefault(other, set()).add(name)
    for name in changed:
        if name not in project:
            raise UnknownTarget(name)
    found, waiting = set(), list(changed)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += users[name]
    return sorted(found)''',
)
PYTHON
python3 -m unittest --quiet
