"""Compares with a reference that rebuilds documents without changing any, and checks that nothing is shared."""

import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

SETUP = """
import copy, json
from service.changes import apply, diff, find


def spoil(value):
    if isinstance(value, dict):
        for each in list(value.values()):
            spoil(each)
        value["spoilt"] = 1
    elif isinstance(value, list):
        for each in list(value):
            spoil(each)
        value.append("spoilt")
"""
FIND = SETUP + "case = find"
CHANGE = SETUP + """


def case(one, two):
    before = json.dumps([one, two])
    try:
        found = {}(one, two)
    except Exception:
        if json.dumps([one, two]) != before:
            return "changed its arguments"
        raise
    kept = json.loads(json.dumps(found))
    spoil(found)
    return [kept, json.dumps([one, two]) == before]
"""
DOCUMENT = {"a": {"b": [1, 2, {"c": None}], "": 0, "x/y": 1, "m~n": 2, "~1": 3, "0": "zero", "-": 5}, "list": [[1], [2, 3]], "t": True, "n": 1, "f": 1.5, "ab": []}
POINTERS = ["", "/", "/a", "/a/", "/a/b/0", "/a/b/2/c", "/a/b/3", "/a/b/-", "/a/b/-1", "/a/b/01", "/a/b/00", "/a/x~1y", "/a/m~0n", "/a/~01", "/a/m~n", "/a/~", "/a/~2", "/a/0", "/a/-", "a", "/a/b/c", "/n/0", "/list/1/1",
            "/list/1/", "/t", "/a/b/٣", "/a/b/1e0", "/a/b/+1", "/a/b/ 1", "/A", "//", None, 5, ["a"]]  # fmt: skip
PATHS = ["", "/a", "/a/b", "/a/b/0", "/a/b/1", "/a/b/3", "/a/b/-", "/a/b/2/c", "/a/new", "/a/x~1y", "/new", "/new/deep", "/list/0", "/list/0/-", "/list/2", "/n/x", "/list", "/t", "/a/b/9", "/ab", "/ab/0", "/list/-", "/a/b/01", "bad", "/a/~3"]
VALUES = [1, 1.0, True, False, 0, None, "x", [], {}, [1, 2, {"c": None}], {"b": [1], "z": {}}, [[1], [2, 3]], [1.0], [True]]
ERROR = Refused("ChangeError")


def parts(pointer: object) -> list:
    if not isinstance(pointer, str) or pointer[:1] not in ("", "/"):
        raise ERROR
    found = []
    for part in pointer.split("/")[1:]:
        text, rest = "", part
        while rest:
            if rest[0] == "~":
                if rest[:2] not in ("~0", "~1"):
                    raise ERROR
                text, rest = text + "~/"[int(rest[1])], rest[2:]
            else:
                text, rest = text + rest[0], rest[1:]
        found.append(text)
    return found


def number(part: str, below: int) -> int:
    if part not in map(str, range(below)):
        raise ERROR
    return int(part)


def inside(value: object, part: str) -> object:
    if isinstance(value, dict) and part in value:
        return value[part]
    if isinstance(value, list):
        return value[number(part, len(value))]
    raise ERROR


def find(document: object, pointer: object) -> object:
    for part in parts(pointer):
        document = inside(document, part)
    return document


def rebuilt(value: object, way: list, change) -> object:
    """Return a value whose container at the end of the way is changed."""
    if len(way) == 1:
        if not isinstance(value, dict | list):
            raise ERROR
        return change(value, way[0])
    below = rebuilt(inside(value, way[0]), way[1:], change)
    if isinstance(value, dict):
        return {**value, way[0]: below}
    return [*value[: int(way[0])], below, *value[int(way[0]) + 1 :]]


def added(document: object, way: list, new: object) -> object:
    def change(container, part):
        if isinstance(container, dict):
            return {**container, part: new}
        at = len(container) if part == "-" else number(part, len(container) + 1)
        return [*container[:at], new, *container[at:]]

    return rebuilt(document, way, change) if way else new


def removed(document: object, way: list) -> object:
    def change(container, part):
        inside(container, part)
        if isinstance(container, dict):
            return {key: value for key, value in container.items() if key != part}
        return [item for at, item in enumerate(container) if at != int(part)]

    if not way:
        raise ERROR
    return rebuilt(document, way, change)


def replaced(document: object, way: list, new: object) -> object:
    def change(container, part):
        inside(container, part)
        if isinstance(container, dict):
            return {**container, part: new}
        return [new if at == int(part) else item for at, item in enumerate(container)]

    return rebuilt(document, way, change) if way else new


def equal(a: object, b: object) -> bool:
    def plain(value):
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, list):
            return [plain(each) for each in value]
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return json.dumps(plain(a), sort_keys=True) == json.dumps(plain(b), sort_keys=True)


def apply(document: object, patch: object) -> list:
    if not isinstance(patch, list):
        raise ERROR
    for operation in patch:
        if not isinstance(operation, dict) or not {"op", "path"} <= set(operation):
            raise ERROR
        kind, way = operation["op"], parts(operation["path"])
        needs = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from", "remove": "op"}
        if not isinstance(kind, str) or kind not in needs or needs[kind] not in operation:
            raise ERROR
        if kind == "add":
            document = added(document, way, operation["value"])
        elif kind == "replace":
            document = replaced(document, way, operation["value"])
        elif kind == "remove":
            document = removed(document, way)
        elif kind == "test":
            if not equal(find(document, operation["path"]), operation["value"]):
                raise ERROR
        else:
            source = parts(operation["from"])
            value = find(document, operation["from"])
            if kind == "move" and source == way:
                continue
            if kind == "move" and way[: len(source)] == source:
                raise ERROR
            document = added(removed(document, source) if kind == "move" else document, way, value)
    return [document, True]


def diff(old: object, new: object) -> list:
    def changes(a, b, path):
        if not isinstance(a, dict) or not isinstance(b, dict):
            return [] if equal(a, b) else [{"op": "replace", "path": path, "value": b}]
        found = []
        for key in set(a) | set(b):
            below = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
            if key in a and key in b:
                found += changes(a[key], b[key], below)
            else:
                found.append({"op": "add", "path": below, "value": b[key]} if key in b else {"op": "remove", "path": below})
        return found

    return [sorted(changes(old, new, ""), key=lambda operation: operation["path"]), True]


def random_value(dice: random.Random, depth: int) -> object:
    kind = dice.randrange(5) if depth else 4
    if kind < 2:
        return {dice.choice(["a", "b", "c", "x/y", "~", ""]): random_value(dice, depth - 1) for _ in range(dice.randrange(4))}
    if kind == 2:
        return [random_value(dice, depth - 1) for _ in range(dice.randrange(4))]
    return dice.choice([0, 1, 1.0, True, False, None, "x", 2.5])


def finds() -> None:
    agree(FIND, [[DOCUMENT, pointer] for pointer in POINTERS] + [[[DOCUMENT], "/0/a/b/1"], [5, ""], [5, "/0"]], find)


def applies() -> None:
    dice = random.Random(6902)
    cases = [[DOCUMENT, patch] for patch in ([], {}, None, [5], [{}], [{"op": "add", "path": "/z"}], [{"op": "nothing", "path": ""}], [{"op": "remove"}], [{"op": ["add"], "path": ""}], [{"op": "copy", "path": "/a"}], [{"op": "remove", "path": "/a", "x": 1}])]
    for one in VALUES:
        cases += [[[one], [{"op": "test", "path": "/0", "value": other}]] for other in VALUES]
    cases += [[DOCUMENT, [{"op": kind, "from": a, "path": b}]] for kind in ("move", "copy") for a in PATHS for b in PATHS]
    cases += [[DOCUMENT, [{"op": kind, "path": path, "value": {"v": [1]}}]] for kind in ("add", "remove", "replace") for path in PATHS]
    for _ in range(400):
        patch = []
        for _ in range(dice.randrange(1, 5)):
            kind = dice.choice(["add", "add", "remove", "replace", "move", "copy"])
            patch.append({"op": kind, "path": dice.choice(PATHS[1:-3]), "from": dice.choice(PATHS[1:-3]), "value": dice.choice(VALUES)})
        cases.append([DOCUMENT, patch])
    agree(CHANGE.replace("{}(one, two)", "apply(one, two)"), cases, apply)


def diffs() -> None:
    dice = random.Random(6)
    cases = [[a, b] for a in VALUES for b in VALUES] + [[DOCUMENT, {**DOCUMENT, "a": {**DOCUMENT["a"], "x/y": 9}}]]
    for _ in range(400):
        old = random_value(dice, 3)
        cases.append([old, random_value(dice, 3) if dice.random() < 0.5 or not isinstance(old, dict) else {**old, **{"a": random_value(dice, 2)}}])
    agree(CHANGE.replace("{}(one, two)", "diff(one, two)"), cases, diff)


judge({"find": finds, "apply": applies, "diff": diffs}, partial=True)
