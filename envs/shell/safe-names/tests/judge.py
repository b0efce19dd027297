"""Runs safenames.sh on made-up folders and compares the names with a model of the rules."""

import re
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import judge, scratch
from trees import NAMES, expect_end, expect_tree, file, folder, grown, link, plant, script, whole

MORE = ["a b", "a_b", "a?b", "a b_2", "a_b_2", "-", "--", "_", ".", "..x y", "\n", "\t", "a\nb", "*", "x;y", "(1)", "a b_3", "-_", " ", "_n"]


def tree_of(dice: random.Random) -> dict:
    """Make up a folder."""
    places = ["", "sub folder/", "sub_folder/", "sub*folder/", "-d/in\nner/", "-d/in_ner/", "ok/x y/z z/"]
    names = [name for name in [*NAMES, *MORE] if name != "."]
    tree = {}
    for _ in range(60):
        name = dice.choice(places) + dice.choice(names)
        tree[name] = file(name, dice.choice([0o644, 0o600, 0o755])) if dice.random() < 0.85 else link(dice.choice(["a b", "no", "."]))
    return whole({**tree, "sub folder": folder(0o700), "to folder": link("sub folder")})


def renamed(tree: dict) -> dict:
    """Return the tree with safe names."""
    new: dict = {"": ""}
    for parent in sorted({str(Path(name).parent) for name in tree}, key=lambda name: (len(Path(name).parts), name)):
        inside = sorted((Path(name).name for name in tree if str(Path(name).parent) == parent), key=str.encode)
        safe = {name: re.sub(r"\A-", "_", re.sub(r"[^a-zA-Z0-9._-]", "_", name)) for name in inside}
        taken = {name for name in inside if safe[name] == name}
        for name in inside:
            fresh = safe[name]
            if fresh != name:
                number = 2
                while fresh in taken:
                    fresh, number = f"{safe[name]}_{number}", number + 1
                taken.add(fresh)
            old = "" if parent == "." else f"{parent}/"
            new[old + name] = f"{new[old.rstrip('/')]}/{fresh}".lstrip("/")
    return {new[name]: entry for name, entry in tree.items()}


def renames() -> None:
    dice = random.Random(79)
    for turn in range(5):
        tree = tree_of(dice)
        with scratch() as place:
            parent = plant(place / "not safe", {"beside it": file("x")})
            root = plant(parent / "this one", tree)
            expect_end(f"folder {turn}", script("safenames.sh", root if turn % 2 else "this one", cwd=parent), 0)
            expect_tree(f"folder {turn}", grown(root), renamed(tree))
            expect_tree(f"beside folder {turn}", {path.name: () for path in parent.iterdir()}, {"this one": (), "beside it": ()})


def refuses() -> None:
    with scratch() as place:
        expect_end("a missing folder", script("safenames.sh", "nothing", cwd=place), 1)


judge({"renames": renames, "refuses": refuses})
