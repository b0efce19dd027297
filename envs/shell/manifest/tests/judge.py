"""Runs manifest.sh on made-up folders and compares what it wrote with hashes taken in Python."""

import hashlib
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import expect, judge, scratch
from trees import NAMES, expect_end, expect_tree, file, folder, grown, link, plant, script, whole


def line(name: str, text: str) -> str:
    """Return the line that sha256sum writes."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n")
    return f"{'' if escaped == name else chr(92)}{hashlib.sha256(text.encode()).hexdigest()}  {escaped}\n"


def tree_of(dice: random.Random) -> dict:
    """Make up a folder."""
    places = ["", "a folder/", "a folder/-deep/", "b\nc/"]
    tree = {dice.choice(places) + name: file(dice.choice(["", "same\n", f"{dice.random()}"])) for name in NAMES}
    return {**tree, "a folder/SHA256SUMS": file("x"), "empty": folder(), "to": link("a folder"), "gone": link("no"),
            "also": link("a folder/SHA256SUMS")}


def writes() -> None:
    dice = random.Random(11)
    for turn in range(6):
        tree = whole(tree_of(dice)) if turn else {"only": folder()}
        lines = "".join(line(name, tree[name][2]) for name in sorted(tree, key=str.encode) if tree[name][0] == "file")
        with scratch() as place:
            root = plant(place / "a root", {**tree, **({"SHA256SUMS": file("old\n")} if turn % 2 else {})})
            case = f"folder {turn}"
            expect_end(case, script("manifest.sh", root if turn % 3 else "a root", cwd=place), 0)
            found = grown(root)
            expect(found.pop("SHA256SUMS", ("", 0, None))[2] == lines, f"{case}: wanted {lines!r} in SHA256SUMS")
            expect_tree(case, found, tree)
            expect_tree(f"{case}, beside it", {path.name: () for path in place.iterdir()}, {"a root": ()})


def refuses() -> None:
    with scratch() as place:
        plant(place, {"file": file("x")})
        for name in ("nothing", "file"):
            expect_end(f"manifest.sh {name}", script("manifest.sh", name, cwd=place), 1)


judge({"writes": writes, "refuses": refuses})
