"""Runs relink.sh on made-up folders and compares the links with a model of the rules."""

import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import judge, scratch
from trees import NAMES, expect_end, expect_tree, file, folder, grown, link, plant, script, whole


def tree_of(dice: random.Random, root: str) -> dict:
    """Make up a folder with links of all kinds."""
    places = ["", "sub folder/", "sub folder/-deep/", "l\nb/", "t$/"]
    tree = {dice.choice(places) + name: file(name) for name in NAMES[:8]}
    tree |= {place.rstrip("/"): folder() for place in places[1:]}
    known = list(tree)
    for i in range(30):
        name, goal = f"{dice.choice(places)}l{i} {dice.choice(['x', '*', chr(10), '-'])}", dice.choice(known)
        relative = os.path.relpath(goal, os.path.dirname(name) or ".")
        tree[name] = link(dice.choice([
            f"{root}/{goal}", f"{root}/{goal}", f"{root}//sub folder/./../{goal}", relative, f"{root}/no/{goal}", "missing",
            f"{root}/", root, f"{os.path.dirname(root)}/outside", f"{root}-x/file", f"{root}/../{os.path.basename(root)}/{goal}",
        ]))
    dead = f"{root}/dead"
    return whole({**tree, "dead": link("nowhere"), "to dead": link(dead), "-n": link("-n"), "via": link("sub folder"),
                  "chain": link(f"{root}/via"), "l\nb/deep": link(f"{root}/via/-deep"), "t$/up": link(f"{root}/t$")})


def prepared(tree: dict, root: Path) -> tuple:
    """Return the tree as it has to become, and how many links were made relative and deleted."""
    wanted, relative, deleted = {}, 0, 0
    for name, entry in tree.items():
        if entry[0] == "link" and not os.path.exists(root / name):
            deleted += 1
            continue
        if entry[0] == "link" and entry[2].startswith("/"):
            goal = os.path.normpath(entry[2])
            if goal == str(root) or goal.startswith(f"{root}/"):
                relative += 1
                entry = link(os.path.relpath(goal, (root / name).parent))
        wanted[name] = entry
    return wanted, relative, deleted


def relinks() -> None:
    dice = random.Random(41)
    for turn in range(5):
        with scratch() as place:
            place = place.resolve()
            plant(place, {"outside": file("o"), "a root-x/file": file("x")})
            root = place / "a root"
            tree = plant(root, tree_of(dice, str(root))) and grown(root)
            wanted, relative, deleted = prepared(tree, root)
            ended = script("relink.sh", root if turn % 2 else "a root", cwd=place)
            expect_end(f"folder {turn}", ended, 0, f"{relative} {deleted}\n")
            expect_tree(f"folder {turn}", grown(root), wanted)


def refuses() -> None:
    with scratch() as place:
        expect_end("a missing folder", script("relink.sh", "nothing", cwd=place), 1)


judge({"relinks": relinks, "refuses": refuses})
