"""Runs dedupe.sh on made-up folders and looks at the inodes afterwards."""

import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import expect, judge, looking_at, scratch
from trees import NAMES, expect_end, expect_tree, file, grown, link, plant, script, whole


def tree_of(dice: random.Random) -> dict:
    """Make up a folder."""
    places = ["", "sub folder/", "-x/y/", "l\nb/"]
    texts = ["", "same\n", "same", "long " * 900, "long " * 899 + "lonG ", "same\n"]
    tree = {}
    for _ in range(22):
        tree[dice.choice(places) + dice.choice(NAMES)] = file(dice.choice(texts), dice.choice([0o644, 0o644, 0o600, 0o755]))
    return whole({**tree, "to": link("zz"), "zz": file("same\n"), "in": link("sub folder")})


def copies(tree: dict) -> list:
    """Return groups of paths that have to be one file."""
    groups: dict = {}
    for name in sorted(tree, key=str.encode):
        if tree[name][0] == "file" and tree[name][2]:
            groups.setdefault(tree[name], []).append(name)
    return list(groups.values())


def links() -> None:
    dice = random.Random(23)
    for turn in range(6):
        tree = tree_of(dice)
        groups = copies(tree)
        with scratch() as place:
            root = plant(place / "root of it", tree)
            replaced = sum(len(group) - 1 for group in groups)
            several = max(groups, key=len)
            if turn % 2:
                (root / several[-1]).unlink()
                os.link(root / several[0], root / several[-1])
                replaced -= 1
            before = {group[0]: (root / group[0]).stat().st_ino for group in groups}
            case = f"folder {turn}"
            expect_end(case, script("dedupe.sh", root, cwd=place), 0, f"{replaced}\n")
            expect_tree(case, grown(root), tree)
            with looking_at("the folder"):
                for group in groups:
                    inodes = {(root / name).stat().st_ino for name in group}
                    expect(inodes == {before[group[0]]}, f"{case}: {group} are not all the first one")
                empty = [path.stat().st_nlink for path in root.rglob("*") if path.is_file() and not path.stat().st_size]
            expect(set(empty) <= {1}, f"{case}: empty files were linked")


def refuses() -> None:
    with scratch() as place:
        expect_end("a missing folder", script("dedupe.sh", "nothing", cwd=place), 1)


judge({"links": links, "refuses": refuses})
