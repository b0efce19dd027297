"""Cuts a store's file at many places, and damages bytes in it."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import expect, judge, looking_at, scratch
from model import Model, compare, remembers, session, talk

DONE = ["set a 1", "set b two words", "begin", "set a 2", "del b", "set c 3", "commit", "set d naïve", "del a", "set e 5"]


def states() -> list:
    """What is stored after each write."""
    model, found = Model(3), [{}]
    for line in DONE:
        before = dict(model.stored)
        model.answer(line)
        if not model.layers and model.stored != before:
            found.append(dict(model.stored))
    return found


def written(place: Path) -> bytes:
    compare(place / "s", Model(3), DONE, "a first session")
    with looking_at("the store's file"):
        return (place / "s").read_bytes()


def cut_anywhere() -> None:
    with scratch() as place:
        whole, known, last = written(place), states(), 0
        look = ["keys", *(f"get {key}" for key in "abcde")]
        for length in sorted({0, 1, len(whole) - 1, len(whole), *random.Random(4).sample(range(len(whole)), 14)}):
            (place / "s").write_bytes(whole[:length])
            ended, answers = talk(place / "s", look)
            fits = [number for number in range(last, len(known)) if answers == [Model(3, known[number]).answer(line) for line in look]]
            expect(ended.exit_code == 0 and bool(fits), f"cut after {length} of {len(whole)} bytes: {ended}")
            last, model = fits[0], Model(3, known[fits[0]])
            (place / "s").write_bytes(whole[:length])
            compare(place / "s", model, ["set after the cut", "begin", "set x y", "commit"], f"cut after {length}, then used")
            compare(place / "s", model, ["keys", "get after", "get x"], f"cut after {length}, used, and opened again")
        expect(last == len(known) - 1, "the whole file was not read whole")


def damage_is_told() -> None:
    dice = random.Random(3)
    with scratch() as place:
        whole = written(place)
        for _ in range(15):
            at = dice.randrange(len(whole) * 3 // 4)
            bad = whole[:at] + bytes([whole[at] ^ dice.choice([1, 2, 4, 128, 0x0A])]) + whole[at + 1 :]
            (place / "s").write_bytes(bad)
            ended, _ = talk(place / "s", ["keys", "set a 9"])
            case = f"byte {at} of {len(whole)} changed from {whole[at]} to {bad[at]}: {ended}"
            expect(ended.exit_code == 2 and not ended.stdout and any(c.isdigit() for c in ended.stderr), case)
            with looking_at("the store's file"):
                expect((place / "s").read_bytes() == bad, f"{case}: the file was changed")


judge({"remembers": lambda: remembers(3, 30), "cut_anywhere": cut_anywhere, "damage_is_told": damage_is_told})
