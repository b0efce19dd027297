"""Plays calls against a buffer that writes down all calls and works out the changes from the whole list each time."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

DRIVER = '''
from editor.buffer import Buffer
from editor.errors import EditorError


def case(text, limit, calls):
    buffer = Buffer(text) if limit is None else Buffer(text, limit)
    seen = []
    for name, *given in calls:
        try:
            seen.append(getattr(buffer, name)(*given))
        except EditorError:
            seen.append("EditorError")
        seen.append([buffer.text, buffer.cursor])
    return seen
'''


def reference(text: str, limit: object, calls: list) -> list:
    # A state is a node of a path: [text, cursor before leaving it, cursor on coming to it, identity].
    states: list = [{"text": text, "enter": len(text), "leave": len(text), "name": 0}]
    at, cursor, names, marked = 0, len(text), 0, 0
    last, depth, group, seen = None, 0, None, []
    current = text
    for name, *given in calls:
        result: object = None
        old = current, cursor
        if name == "move":
            cursor = min(max(given[0], 0), len(current))
            last = last if cursor == old[1] else None
        elif name in ("insert", "delete"):
            amount = (given or [1])[0]
            if name == "insert":
                current, cursor = current[:cursor] + amount + current[cursor:], cursor + len(amount)
            elif amount > 0:
                start = max(cursor - amount, 0)
                current, cursor = current[:start] + current[cursor:], start
            if current != old[0]:
                short = len(amount) == 1 if name == "insert" else amount == 1
                joins = short and last is not None and last[0] == name
                if joins and name == "insert" and amount in (" ", "\n") and last[1] not in (" ", "\n"):
                    joins = False
                last = (name, amount) if short else None
                if depth:
                    states[at]["leave"] = old[1] if group is None else states[at]["leave"]
                    del states[at + 1 :]
                    group = cursor
                elif joins:
                    names += 1
                    states[at] = {"text": current, "enter": cursor, "leave": cursor, "name": names}
                else:
                    names += 1
                    states[at]["leave"] = old[1]
                    states[at + 1 :] = [{"text": current, "enter": cursor, "leave": cursor, "name": names}]
                    at += 1
        elif name == "begin":
            depth, last = depth + 1, None
        elif name == "end":
            if depth == 0:
                result = "EditorError"
            else:
                depth, last = depth - 1, None
                if depth == 0 and group is not None:
                    names += 1
                    states[at + 1 :] = [{"text": current, "enter": group, "leave": group, "name": names}]
                    at, group = at + 1, None
        elif name == "marked":
            result = group is None and states[at]["name"] == marked
        elif depth:
            result = "EditorError"
        elif name == "mark":
            marked, last = states[at]["name"], None
        else:
            last = None
            step = -1 if name == "undo" else 1
            result = 0 <= at + step < len(states)
            if result:
                at += step
                current, cursor = states[at]["text"], states[at]["leave" if name == "undo" else "enter"]
        while limit is not None and at > limit:
            del states[0]
            at -= 1
        seen += [result, [current, cursor]]
    return seen


def random_calls(dice: random.Random, extra: list) -> list:
    calls: list = []
    while len(calls) < dice.randrange(5, 40):
        kinds = [["insert", dice.choice("abc \n")]] * 6 + [["insert", dice.choice(["xyz", "", " ", "  "])], ["delete", dice.choice([1, 1, 2, 0])], ["delete"], ["delete", 1], ["delete", 99]]
        kinds += [["move", dice.choice([0, 1, 2, 5, 99, -1])], ["undo"], ["undo"], ["undo"], ["redo"], ["redo"]] + extra * 2
        calls += [dice.choice(kinds)] * dice.choice([1, 1, 1, 2, 3])
    return [*calls, ["undo"], ["undo"], ["redo"]]


def check(seed: int, extra: list, limits: list) -> None:
    dice = random.Random(seed)
    agree(DRIVER, [[dice.choice(["", "start"]), dice.choice(limits), random_calls(dice, extra)] for _ in range(500)], reference)


def marks() -> None:
    check(3, [["mark"], ["marked"], ["marked"], ["begin"], ["end"]], [None, None, 1, 3])


judge({"undo": lambda: check(1, [], [None]), "groups": lambda: check(2, [["begin"], ["end"]], [None, 0, 1, 2, 5]), "marks": marks}, partial=True)
