"""Runs modes.sh on made-up folders and compares the permissions with a model of the rules."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import expect, judge, looking_at, scratch
from trees import NAMES, expect_end, expect_tree, file, folder, grown, link, plant, script, whole


def right_mode(name: str, entry: tuple, root: str) -> int:
    """Return the permissions that the rules give."""
    parts = [root, *Path(name).parts]
    if entry[0] == "folder":
        return 0o700 if "private" in parts else 0o755
    if name.endswith((".key", ".pem")) or "private" in parts[:-1]:
        return 0o600
    return 0o755 if entry[2].startswith("#!") else 0o644


def tree_of(dice: random.Random) -> dict:
    """Make up a folder, all of whose files can be read."""
    modes = [0o644, 0o755, 0o600, 0o777, 0o640, 0o4755, 0o444]
    places = ["", "www/", "www/private/", "www/private/in side/", "private x/", "l\nb/"]
    names = [*NAMES, "site.key", "a.pem", ".key", "run", "private", "key", "x.pem.txt"]
    texts = ["", "#!/bin/sh\n", "#", "text #!\n", "\n#!", "#!\n"]
    tree = {dice.choice(places) + name: file(dice.choice(texts), dice.choice(modes)) for name in names}
    tree = {name: entry for name, entry in tree.items() if name not in ("www/private", "private x")}
    for place in places[1:]:
        tree[place.rstrip("/")] = folder(dice.choice([0o755, 0o700, 0o1777, 0o2755]))
    return whole({**tree, "to": link("../outside"), "loop": link("www"), "www/private/to.key": link("../../../outside")})


def sets() -> None:
    dice = random.Random(37)
    for turn in range(4):
        tree, root = tree_of(dice), "private" if turn == 3 else "site"
        wanted = {name: (entry[0], entry[1] if entry[0] == "link" else right_mode(name, entry, root), entry[2])
                  for name, entry in tree.items()}
        changed = [name for name in tree if tree[name] != wanted[name]]
        with scratch() as place:
            parent = plant(place / "private", {root: folder(0o777), "outside": file("#!out", 0o640)})
            plant(parent / root, tree)
            lines = sorted([*changed, "."], key=str.encode)
            ended = script("modes.sh", parent / root if turn % 2 else root, cwd=parent)
            expect_end(f"folder {turn}", ended, 0, "".join(f"{name}\n" for name in lines))
            expect_tree(f"folder {turn}", grown(parent / root), wanted)
            with looking_at("the folder"):
                top, outside = (parent / root).stat().st_mode & 0o7777, (parent / "outside").stat().st_mode & 0o7777
            expect(top == (0o700 if turn == 3 else 0o755), f"folder {turn}: the folder itself has {top:04o}")
            expect(outside == 0o640, f"folder {turn}: what a link points to was changed to {outside:04o}")
            if turn == 0:
                expect_end(f"folder {turn}, again", script("modes.sh", root, cwd=parent), 0)


def refuses() -> None:
    with scratch() as place:
        expect_end("a missing folder", script("modes.sh", "nothing", cwd=place), 1)


judge({"sets": sets, "refuses": refuses})
