"""The store as its instructions describe it, and random sessions with it. Shared by the judges of all steps."""

import random
import re

from judging import WORKDIR, Wrong, content, expect, looking_at, run, scratch

KEYS = ["a", "b", "name", "k-1", "ключ", "x" * 60]
VALUES = ["1", "two words", "", "  padded  ", "naïve ✓", "\\n is no line break", "y" * 300, '"quoted"', "#", "0"]


class Model:
    """Answers commands as the program should. `level` is the number of the step."""

    def __init__(self, level: int, stored: dict | None = None) -> None:
        self.level = level
        self.stored = dict(stored or {})
        self.layers: list = []

    def view(self) -> dict:
        return self.layers[-1] if self.layers else self.stored

    def answer(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        key, _, value = rest.partition(" ")
        if word == "set" and re.fullmatch(r"\S+", key) and " " in rest:
            self.view()[key] = value
            return "ok"
        if word == "get" and re.fullmatch(r"\S+", rest):
            return f"value {self.view()[rest]}" if rest in self.view() else "none"
        if word == "del" and re.fullmatch(r"\S+", rest):
            return "ok" if self.view().pop(rest, None) is not None else "none"
        if line == "keys":
            return " ".join(["keys", *sorted(self.view())])
        if self.level >= 2 and line == "begin":
            self.layers.append(dict(self.view()))
            return "ok"
        if self.level >= 2 and line in ("commit", "rollback"):
            if not self.layers:
                return "error no transaction"
            layer = self.layers.pop()
            if line == "commit":
                if self.layers:
                    self.layers[-1] = layer
                else:
                    self.stored = layer
            return "ok"
        return "error unknown command"


def session(dice: random.Random, level: int, length: int) -> list:
    lines = []
    for _ in range(length):
        key = dice.choice(KEYS)
        kinds = ["set"] * 5 + ["get"] * 4 + ["del"] * 2 + ["keys", "odd"] + (["begin", "begin", "commit", "rollback"] if level >= 2 else [])
        kind = dice.choice(kinds)
        if kind == "odd":
            lines.append(dice.choice(["", "set", "set a", "get", "get  a", "GET a", "del", "keys all", "begin now", "set  a b", "quit", " get a", "commit "]))
        else:
            lines.append({"set": f"set {key} {dice.choice(VALUES)}", "get": f"get {key}", "del": f"del {key}"}.get(kind, kind))
    return lines


def talk(store, lines: list, *, cwd=None):
    ended = run(["python3", str(WORKDIR / "store.py"), str(store)], stdin="".join(f"{line}\n" for line in lines), cwd=cwd)
    return ended, ended.stdout.split("\n")[:-1]


def compare(store, model: Model, lines: list, case: str) -> None:
    """Hold a session with the program against the model, from which what is not committed then goes."""
    wanted = [model.answer(line) for line in lines]
    model.layers = []
    ended, found = talk(store, lines)
    expect(ended.exit_code == 0, f"{case}: {ended}")
    for number, (line, right, given) in enumerate(zip(lines, wanted, [*found, *[None] * len(wanted)])):
        expect(right == given, f"{case}: {line!r} (line {number + 1}): wanted {right!r}, got {given!r}")
    expect(len(found) == len(wanted), f"{case}: {len(found)} answers to {len(wanted)} commands")


def remembers(level: int, seed: int) -> None:
    """Several sessions with one store, one after the other."""
    content("store.py")
    for turn in range(3):
        dice = random.Random(seed + turn)
        with scratch() as place:
            store, model = place / "my store", Model(level)
            for number in range(3):
                compare(store, model, session(dice, level, dice.choice([0, 1, 30, 150])), f"store {turn}, session {number + 1}")
