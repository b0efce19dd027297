"""Runs `prune.py` on made-up folders and compares what is left, and what it said, with the rules."""

import os
import random
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import WORKDIR, content, expect, judge, looking_at, run, scratch

KINDS = (".tmp", ".cache", ".log")
STEMS = ["a", "b", "report 1", "-rf", "two\nlines", "KEEP", "naïve", "x.log", "*"]
ENDS = [*KINDS, *KINDS, ".txt", "", ".tmp.bak", ".LOG", ".lock"]


def fill(folder: Path, dice: random.Random) -> None:
    places = [folder, folder / "sub", folder / "sub/deep er", folder / "other", folder / "held/in.tmp"]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    for place in places:
        for _ in range(dice.randrange(2, 7)):
            file = place / (dice.choice(STEMS) + dice.choice(ENDS))
            if file.name == "KEEP" or file.exists():
                continue
            file.write_bytes(b"x" * dice.choice([0, 1, 10, 100, 1000]))
            if dice.random() < 0.2:
                (place / (file.name + ".lock")).touch()
            if dice.random() < 0.2 and not (folder / f"other/{file.name}.log").exists():
                os.link(file, folder / f"other/{file.name}.log")
    if dice.random() < 0.6:
        (dice.choice(places[1:]) / "KEEP").write_text("since the audit")
    (folder / "link.log").symlink_to("sub")
    (folder / "other/away.tmp").symlink_to("../../precious.tmp")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            second = dice.choice([1_600_000_000, 1_650_000_000, 1_700_000_000])
            time = second * 10**9 + dice.choice([0, 250_000_000, 500_000_000])
            os.utime(path, ns=(time, time))


def state(folder: Path) -> dict:
    found = {}
    for path in folder.rglob("*"):
        found[str(path.relative_to(folder))] = "link" if path.is_symlink() else path.stat().st_size if path.is_file() else "folder"
    return found


def model(folder: Path, most: int):
    """Paths that go, in order; None where they are not enough."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    files = [path for path in files if not any(parent.is_symlink() for parent in path.relative_to(folder).parents if str(parent) != ".")]
    sizes = {path.stat().st_ino: path.stat().st_size for path in files}
    names = {inode: [path for path in files if path.stat().st_ino == inode] for inode in sizes}

    def kept(path: Path) -> bool:
        above = [parent for parent in path.parents if parent == folder or parent.is_relative_to(folder)]
        return any((parent / "KEEP").is_file() for parent in above) or os.path.lexists(f"{path}.lock")

    free = [path for path in files if path.name.endswith(KINDS) and not kept(path)]
    free.sort(key=lambda path: ([path.name.endswith(kind) for kind in KINDS].index(True), path.stat().st_mtime_ns,
                                os.fsencode(path)))
    going = []
    while sum(sizes.values()) > most:
        if not free:
            return None
        path = free.pop(0)
        going.append(str(path.relative_to(folder)))
        inode = path.stat().st_ino
        names[inode].remove(path)
        if not names[inode]:
            sizes[inode] = 0
    return going


def prune(*arguments: str, cwd: Path):
    return run(["python3", str(WORKDIR / "prune.py"), *arguments], cwd=cwd)


def frees() -> None:
    content("prune.py")
    for seed in range(40):
        with scratch() as place:
            dice, folder = random.Random(seed), place / "disk of today"
            fill(folder, dice)
            (place / "precious.tmp").write_text("precious")
            used = sum({path.stat().st_ino: path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}.values())
            most = int(used * dice.choice([0, 0.3, 0.5, 0.7, 0.9, 1, 2]))
            wanted, before = model(folder, most), state(folder)
            ended = prune(folder.name, str(most), cwd=place)
            case = f"folder {seed}, {most} of {used} bytes: {ended}"
            expect((place / "precious.tmp").exists(), f"{case}: a file outside is gone")
            expect(ended.exit_code == (1 if wanted is None else 0), f"{case}: wanted {wanted}")
            expect(ended.stdout == "".join(f"{path}\0" for path in wanted or ()), f"{case}: wanted {wanted}")
            expect(bool(ended.stderr.strip()) == (wanted is None), f"{case}: standard error")
            after = {path: what for path, what in before.items() if path not in (wanted or ())}
            with looking_at(case):
                expect(state(folder) == after, f"{case}: wanted to be gone: {wanted}")


def refuses() -> None:
    content("prune.py")
    with scratch() as place:
        fill(place / "disk", random.Random(5))
        (place / "link").symlink_to("disk")
        before = state(place)
        for arguments in (["disk"], ["none", "0"], ["link", "0"], ["disk", "-1"], ["disk", "1e3"], ["disk", ""], ["disk", " 1"],
                          ["disk", "0x1"], ["disk", "1k"], ["disk/link.log", "0"], ["disk", "1", "2"], [], ["", "0"], ["disk", "\u0661"]):
            ended = prune(*arguments, cwd=place)
            expect(ended.exit_code == 2 and not ended.stdout and bool(ended.stderr.strip()), f"prune.py {arguments}: {ended}")
            with looking_at(f"what prune.py {arguments} left"):
                expect(state(place) == before, f"prune.py {arguments} changed something")


judge({"frees": frees, "refuses": refuses})
