"""Plays operations against copies of dictionaries, and counts how the time grows with the keys."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

STORE = '''
from kv.errors import NoTransaction
from kv.store import Store


def case(operations):
    store, seen = Store(), []
    for name, *given in operations:
        try:
            seen.append(getattr(store, name)(*given))
        except NoTransaction:
            seen.append("NoTransaction")
    return seen
'''
SPEED = '''
import time
from kv.store import Store


def case(keys, rounds):
    store = Store()
    for number in range(keys):
        store.set(f"k{number}", str(number % 7))
    started = time.process_time()
    for number in range(rounds):
        store.begin()
        store.set("k1", "x")
        store.begin()
        store.delete("k2")
        store.commit()
        store.count("x")
        store.depth()
        store.get("k1")
        store.rollback()
    for _ in range(rounds):
        store.begin()
    for _ in range(rounds):
        store.commit()
    took = time.process_time() - started
    return [store.get("k1"), store.get("k2"), store.count("x"), store.depth(), took < 2]
'''


def store_reference(operations: list) -> list:
    levels: list = [{}]
    seen: list = []
    for name, *given in operations:
        now = levels[-1]
        if name == "begin":
            levels.append(dict(now))
            seen.append(None)
        elif name in ("commit", "rollback"):
            if len(levels) == 1:
                seen.append("NoTransaction")
                continue
            levels.pop()
            if name == "commit":
                levels[-1] = now
            seen.append(None)
        elif name == "set":
            now[given[0]] = given[1]
            seen.append(None)
        elif name == "delete":
            seen.append(now.pop(given[0], None) is not None)
        elif name == "get":
            seen.append(now.get(given[0]))
        elif name == "count":
            seen.append(list(now.values()).count(given[0]))
        elif name == "keys":
            seen.append(sorted(key for key in now if key[: len((given or [""])[0])] == (given or [""])[0]))
        else:
            seen.append(len(levels) - 1)
    return seen


def speed_reference(keys: int, rounds: int) -> list:
    return ["1", "2", 0, 0, True]


def shell_reference(lines: list) -> list:
    printed: list = []
    done: list = []
    for line in lines:
        name, _, rest = line.partition(" ")
        spaced = " " in line
        key, space, value = rest.partition(" ")
        good = {
            "SET": bool(key and space and value), "GET": bool(key) and not space, "DELETE": bool(key) and not space, "COUNT": bool(rest),
            "KEYS": not spaced or (bool(key) and not space), "DEPTH": not spaced, "BEGIN": not spaced, "COMMIT": not spaced, "ROLLBACK": not spaced, "END": not spaced,
        }  # fmt: skip
        if line == "":
            continue
        if not good.get(name):
            printed.append("ERROR")
            continue
        if name == "END":
            break
        given = [key, value] if name == "SET" else [rest] if spaced else []
        done.append([name.lower(), *given])
        found = store_reference(done)[-1]
        if found == "NoTransaction" and name in ("COMMIT", "ROLLBACK"):
            printed.append("NO TRANSACTION")
        elif name == "GET":
            printed.append("NULL" if found is None else found)
        elif name == "KEYS":
            printed.append(" ".join(found) if found else "-")
        elif name in ("DELETE", "COUNT", "DEPTH"):
            printed.append(str(int(found)))
    return printed


def random_operations(dice: random.Random) -> list:
    operations: list = []
    for _ in range(dice.randrange(3, 40)):
        key, value = dice.choice(["a", "b", "ab", "abc", ""]), dice.choice(["1", "2", ""])
        kinds = [["set", key, value]] * 5 + [["get", key], ["get", key], ["delete", key], ["delete", key], ["count", value], ["keys"], ["keys", "a"], ["depth"]]
        kinds += [["begin"]] * 5 + [["commit"]] * 3 + [["rollback"]] * 4
        operations.append(dice.choice(kinds))
    return [[*operations, ["keys"], ["count", "1"], ["rollback"], ["keys"], ["commit"], ["keys"], ["count", "1"]]]


def stores() -> None:
    dice = random.Random(4)
    agree(STORE, [random_operations(dice) for _ in range(500)], store_reference)


def speed() -> None:
    agree(SPEED, [[50_000, 4_000]], speed_reference, timeout_s=8)


def shell() -> None:
    dice = random.Random(5)
    words = ["SET a 1", "SET a 1 2", "SET b  1", "SET a", "SET a ", "SET  a 1", "GET a", "GET b", "GET", "GET a b", "GET a ", "get a", "DELETE a", "DELETE x", "COUNT 1", "COUNT 1 2", "COUNT", "COUNT ", "KEYS", "KEYS a", "KEYS "]
    words += ["KEYS a b", "DEPTH", "DEPTH 1", "BEGIN", "BEGIN", "BEGIN", "COMMIT", "COMMIT", "ROLLBACK", "ROLLBACK", "ROLLBACK ", "", " ", "NOTHING", " GET a", "SET b NULL", "SET ab 1", "COUNT  1", "SET é ü", "SET t a\tb", "GET t"]
    cases = [[words], [["SET a 1", "END", "GET a"]], [["END "]], [["END x", "GET a"]]]
    for _ in range(300):
        lines = [dice.choice(words) for _ in range(dice.randrange(25))]
        cases.append([[*lines, "KEYS", *(["END"] if dice.random() < 0.2 else []), "COUNT 1"]])
    agree("from kv.shell import run as case", cases, shell_reference)


judge({"store": stores, "speed": speed, "shell": shell}, partial=True)
