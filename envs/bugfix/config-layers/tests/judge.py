"""Compares merged layers with a reference on flat steps, and looks for shared state."""

import copy
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

DRIVER = '''
import copy, json
from settings.loader import load


def spoil(value):
    if isinstance(value, dict):
        for key in list(value):
            spoil(value[key])
        value["spoilt"] = True
    elif isinstance(value, list):
        for item in value:
            spoil(item)
        value.append("spoilt")


def case(*layers):
    before = json.dumps(layers)
    first = load(*layers)
    kept = copy.deepcopy(first)
    untouched = json.dumps(layers) == before
    spoil(first)
    return {"settings": kept, "untouched": untouched, "apart": json.dumps(layers) == before, "again": load(*layers) == kept}
'''
NAMED = [
    [{"a": {"b": [1]}}, [], {}, []],
    [{"a": None, "b": {"c": None}}, [{"b": {"d": 1}}], {}, []],
    [{"plugins": ["log"]}, [{"plugins+": ["x"]}, {"plugins+": ["y"]}], {}, []],
    [{"s": {"plugins": ["log"]}}, [{"s": {"plugins+": ["x"]}}], {}, []],
    [{}, [{"a": {"b": None, "c+": [1], "d": {"e": None}}}], {}, []],
    [{"a": 1}, [{"a": {"b": None}}], {}, []],
    [{"a": 1}, [{"a": {"b+": [2]}}], {}, []],
    [{}, [], {}, ["url=http://x/?q=1", "n=-5", "m=--5", "p=٣", "e=", "t=true", "T=True"]],
    [{"server": {"port": 1}}, [], {"APP__SERVER__PORT": "2", "APP_X": "1", "PORT": "9"}, ["server.port=3"]],
    [{"a": {"b": 1}}, [{"a": 5}], {"APP__A__C": "null"}, ["a.d=null", "z=null"]],
    [{}, [], {"APP__A": "1", "APP__A__B": "2"}, []],
]


def put(target: dict, layer: dict) -> None:
    for key, value in layer.items():
        if key.endswith("+"):
            old = target.get(key[:-1])
            target[key[:-1]] = (old if isinstance(old, list) else []) + value
        elif value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            if not isinstance(target.get(key), dict):
                target[key] = {}
            put(target[key], value)
        else:
            target[key] = value


def read(text: str) -> object:
    if re.fullmatch("-?[0-9]+", text):
        return int(text)
    return {"true": True, "false": False, "null": None}.get(text, text)


def assign(target: dict, path: list, text: str) -> None:
    layer = read(text)
    for key in path[::-1]:
        layer = {key: layer}
    put(target, layer)


def reference(defaults: dict, files: list, environ: dict, assignments: list) -> dict:
    settings = copy.deepcopy(defaults)
    for layer in files:
        put(settings, copy.deepcopy(layer))
    for name in sorted(environ):
        if name.startswith("APP__"):
            assign(settings, name[5:].lower().split("__"), environ[name])
    for text in assignments:
        path, _, value = text.partition("=")
        assign(settings, path.split("."), value)
    return {"settings": settings, "untouched": True, "apart": True, "again": True}


def mapping(dice: random.Random, depth: int, appends: bool) -> dict:
    found: dict = {}
    for _ in range(dice.randrange(1, 4)):
        key = dice.choice("abcd")
        kind = dice.randrange(6)
        if kind == 0:
            found[key] = None
        elif kind == 1:
            found[key] = [dice.randrange(9), {"x": [1]}]
        elif kind == 2 and appends:
            found[key + "+"] = [dice.randrange(9)]
        elif kind < 5 and depth:
            found[key] = mapping(dice, depth - 1, appends)
        else:
            found[key] = dice.choice([True, 0, "text", 7])
    return found


def random_cases(amount: int) -> list:
    dice = random.Random(8080)
    texts = ["true", "null", "5", "-12", "text", "a=b", "", "1.5", "False"]
    cases = []
    for _ in range(amount):
        environ = {f"{dice.choice(['APP__', 'APP__', 'APP_'])}{dice.choice(['A', 'B', 'A__B', 'a__C', 'D__A__B'])}": dice.choice(texts)}
        assignments = [f"{dice.choice(['a', 'b', 'a.b', 'd.a.b'])}={dice.choice(texts)}" for _ in range(dice.randrange(3))]
        files = [mapping(dice, 2, True) for _ in range(dice.randrange(3))]
        cases.append([mapping(dice, 2, False), files, environ, assignments])
    return cases


judge({"load": lambda: agree(DRIVER, NAMED + random_cases(500), reference)})
