"""Compares orders and circles with a reference that tries everything, on small graphs; and plans large ones."""

import itertools
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

PLAN = '''
from builder.errors import Cycle
from builder.plan import plan


def case(project, wanted):
    try:
        return plan(project, wanted)
    except Cycle as cycle:
        return {"cycle": cycle.path}
'''
OUTDATED = "from builder.plan import outdated as case"
LARGE = '''
from builder.errors import Cycle
from builder.plan import outdated, plan


def case(amount, cycle):
    names = [f"t{number:06}" for number in range(amount)]
    project = {name: [before] for name, before in zip(names[1:], names)} | {names[0]: []}
    if cycle:
        project[names[0]] = [names[cycle]]
        try:
            return plan(project, [names[-1]])
        except Cycle as error:
            return [len(error.path), error.path[0], error.path[1]]
    return [plan(project, [names[-1]]) == names, outdated(project, [names[0]]) == names]
'''


def plan_reference(project: dict, wanted: list) -> object:
    part, size = set(wanted), -1
    while size < len(part):
        size = len(part)
        if not part <= set(project):
            raise Refused("UnknownTarget")
        part |= {other for name in part for other in project[name]}
    order: list = []
    while len(order) < len(part):
        ready = [name for name in part if name not in order and set(project[name]) <= set(order)]
        if not ready:
            return {"cycle": circle({name: project[name] for name in part})}
        order.append(min(ready))
    return order


def circle(graph: dict) -> list:
    for length in range(1, len(graph) + 1):
        found = [
            [*names, names[0]]
            for names in itertools.permutations(sorted(graph), length)
            if names[0] == min(names) and all(after in graph[name] for name, after in zip(names, names[1:] + names[:1]))
        ]
        if found:
            return min(found)
    raise AssertionError("no circle")


def outdated_reference(project: dict, changed: list) -> list:
    if not set(changed) <= set(project):
        raise Refused("UnknownTarget")
    found, size = set(changed), -1
    while size < len(found):
        size = len(found)
        found |= {name for name, others in project.items() if found & set(others)}
    return sorted(found)


def random_project(dice: random.Random, density: float, back: float) -> dict:
    names = dice.sample(["a", "b", "c", "B", "lib", "lib2", "é", "app"], dice.randrange(1, 7))
    project: dict = {name: [] for name in names}
    for number, name in enumerate(names):
        for other_number, other in enumerate(names):
            if dice.random() < (density if other_number < number else back):
                project[name] += [other] * dice.choice([1, 1, 2])
    if dice.random() < 0.08:
        project[dice.choice(names)].append("nowhere")
    return {name: project[name] for name in dice.sample(names, len(names))}


def random_cases(amount: int, seed: int) -> list:
    dice = random.Random(seed)
    cases = []
    for _ in range(amount):
        project = random_project(dice, dice.choice([0.3, 0.5]), dice.choice([0, 0, 0.05, 0.15, 0.4]))
        names = [dice.choice(list(project)) for _ in range(dice.randrange(1, 4))]
        cases.append([project, names + (["other"] if dice.random() < 0.05 else [])])
    return cases


def large_reference(amount: int, cycle: int) -> list:
    return [cycle + 2, "t000000", f"t{cycle:06}"] if cycle else [True, True]


NAMED = [
    [{"a": ["b"], "b": ["c"], "c": ["b"]}, ["a"]], [{"a": ["a"]}, ["a"]], [{"a": ["b", "c"], "b": ["a"], "c": ["a"]}, ["c"]],
    [{"a": [], "b": ["b"]}, ["a"]], [{"a": ["x"], "b": []}, ["b"]], [{"a": ["b"], "b": ["a", "x"]}, ["a"]], [{"a": ["b", "b"], "b": []}, ["a", "a"]],
    [{"z": [], "a": ["z"], "b": []}, ["a", "b"]],
]  # fmt: skip

judge(
    {
        "plan": lambda: agree(PLAN, NAMED + random_cases(400, 6), plan_reference),
        "outdated": lambda: agree(OUTDATED, random_cases(300, 7), outdated_reference),
        "large": lambda: agree(LARGE, [[20000, 0], [3000, 20]], large_reference),
    }
)
