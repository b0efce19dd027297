"""Plays sequences of operations against a list that is kept in the order of use."""

import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

STORE = '''
from memo.store import LruStore


def case(size, ttl, operations):
    now = [0]
    store = LruStore(size, ttl, lambda: now[0])
    seen = []
    for name, *given in operations:
        if name == "wait":
            now[0] += given[0]
        elif name == "set":
            store.set(*given)
        elif name == "get":
            seen.append(store.get(*given, "none"))
        else:
            seen.append([store.keys(), len(store)])
    return seen
'''
CALLS = '''
from memo.memoize import memoize


def case(size, ttl, calls):
    now, made = [0], []

    @memoize(size, ttl, lambda: now[0])
    def function(*args, **kwargs):
        made.append(len(made))
        return made[-1] % 3 or None

    seen = []
    for wait, args, kwargs in calls:
        now[0] += wait
        seen.append(function(*args, **kwargs))
    return [len(made), seen]
'''


def store_reference(size: int, ttl: int, operations: list) -> list:
    now, entries, seen = 0, [], []  # entries: [key, value, expires], the last used at the end
    for name, *given in operations:
        alive = [entry for entry in entries if entry[2] > now]
        if name == "wait":
            now += given[0]
        elif name == "set":
            rest = [entry for entry in entries if entry[0] != given[0]]
            if len(rest) == len(entries) and len(entries) >= size:
                rest = alive[-size + 1 :] if len(alive) >= size > 1 else [] if len(alive) >= size else alive
            entries = [*rest, [*given, now + ttl]]
        elif name == "get":
            found = [entry for entry in alive if entry[0] == given[0]]
            seen.append(found[0][1] if found else "none")
            entries = [entry for entry in entries if entry[0] != given[0]] + found
        else:
            seen.append([[entry[0] for entry in alive], len(alive)])
    return seen


def calls_reference(size: int, ttl: int, calls: list) -> list:
    now, made, entries, seen = 0, 0, [], []
    for wait, args, kwargs in calls:
        now += wait
        key = json.dumps([args, kwargs], sort_keys=True)
        alive = [entry for entry in entries if entry[2] > now]
        found = [entry for entry in alive if entry[0] == key]
        if found:
            entries = [entry for entry in entries if entry[0] != key] + found
            seen.append(found[0][1])
            continue
        entries = [entry for entry in entries if entry[0] != key]
        if len(entries) >= size:
            entries = alive[1:] if len(alive) >= size else alive
        value = made % 3 or None
        made += 1
        entries.append([key, value, now + ttl])
        seen.append(value)
    return [made, seen]


def random_operations(dice: random.Random) -> list:
    operations = []
    for number in range(dice.randrange(5, 40)):
        key = dice.choice("abcde")
        kinds = [["set", key, number], ["set", key, number], ["get", key], ["get", key], ["wait", dice.choice([1, 2, 5])], ["keys"]]
        operations.append(dice.choice(kinds))
    return [*operations, ["keys"]]


def store() -> None:
    dice = random.Random(10)
    named = [[2, 10, [["set", "a", 1], ["wait", 10], ["get", "a"], ["keys"]]], [1, 5, [["set", "a", 1], ["set", "a", 2], ["set", "b", 3], ["keys"]]]]
    agree(STORE, named + [[dice.randrange(1, 5), dice.choice([3, 10, 10**6]), random_operations(dice)] for _ in range(400)], store_reference)


def calls() -> None:
    dice = random.Random(11)
    forms = [
        [[1], {}], [[True], {}], [[1.0], {}], [["1"], {}], [[], {"a": 1}], [["a", 1], {}], [[], {"a": 1, "b": 2}], [[], {"b": 2, "a": 1}],
        [["a", 1, "b", 2], {}], [[2], {"b": 3}], [[2, "b"], {"c": 3}], [[], {"a": True, "b": 2}], [[], {}], [[None], {}], [[0], {}], [[False], {}],
    ]  # fmt: skip
    named = [[50, 10**6, [[0, *form] for form in forms + forms[::-1]]]]
    cases = [[dice.choice([1, 3, 20]), dice.choice([5, 10**6]), [[dice.choice([0, 1]), *dice.choice(forms)] for _ in range(40)]] for _ in range(200)]
    agree(CALLS, named + cases, calls_reference)


judge({"store": store, "calls": calls})
