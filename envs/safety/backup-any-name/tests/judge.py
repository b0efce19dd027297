"""Makes backups by many names in folders of its own and compares them with a model."""

import os
import random
import shutil
import stat
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import WORKDIR, content, expect, judge, looking_at, run, scratch

NAMES = ["monday", "before; touch pwned", "$(touch pwned)", "`touch pwned`", "-rf", "--help", "two\nlines", "ends\n", "\n", "it's \"so\"", "*", " ", "a b", ".hidden",
         "$HOME", "\\", "~", "..x", "é", "!!", "#", "a" * 200, "-", "'", "&& touch pwned", "{a,b}", "[a-z]", "-n", "..."]
PLACES = ["source", "my source", "-source", "so\nurce\n", "$(touch pwned)", "*", "; touch pwned", "'s'", "~"]


def fill(folder: Path) -> None:
    (folder / "sub dir/.deep").mkdir(parents=True)
    (folder / "a file").write_text("a")
    (folder / ".hidden").write_text("h")
    (folder / "sub dir/-x\n").write_text("x")
    (folder / "sub dir/.deep/link").symlink_to("../../a file")
    (folder / "away").symlink_to("/etc")
    (folder / "a file").chmod(0o640)
    (folder / "sub dir").chmod(0o750)
    os.utime(folder / "a file", (1e9, 1e9))


def state(folder: Path) -> dict:
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        what = os.readlink(path) if path.is_symlink() else "folder" if path.is_dir() else path.read_bytes()
        found[str(path.relative_to(folder))] = (what, stat.S_IMODE(status.st_mode), None if path.is_dir() or path.is_symlink() else int(status.st_mtime))
    return found


def backup(cwd: Path, *arguments: str):
    return run(["bash", str(WORKDIR / "backup.sh"), *arguments], cwd=cwd)


def order(backups: Path) -> list:
    return (backups / ".order").read_bytes().decode().split("\0")[:-1] if (backups / ".order").exists() else []


def one_place(place: Path, source: str, backups: str, names: list, *, absolute: bool) -> None:
    for folder in (place / source, place / "elsewhere"):
        folder.mkdir()
    fill(place / source)
    (place / "b").write_text("stays")
    cwd = place / "elsewhere" if absolute else place
    given = [str(place / part) if absolute else part for part in (source, backups)]
    wanted, others = [], {}
    for number, name in enumerate(names):
        ended = backup(cwd, *given, name)
        case = f"backup.sh {[*given, name]}: {ended}"
        expect(ended == type(ended)(0, "", ""), case)
        wanted = [*wanted, name][-3:]
        with looking_at(case):
            found, there = order(place / backups), set(os.listdir(place / backups)) - {".order"}
        expect(found == wanted, f"{case}: wanted the order {wanted}, got {found}")
        expect(there == {*wanted, *others}, f"{case}: wanted {sorted({*wanted, *others})}, got {sorted(there)}")
        with looking_at(case):
            expect(state(place / backups / name) == state(place / source), f"{case}: the copy differs")
        expect((place / "b").read_text() == "stays" and not list(place.rglob("pwned")), f"{case}: something outside was changed")
        if number == 0:
            (place / backups / "not a backup").mkdir()
            (place / backups / "file").write_text("x")
            (place / backups / "to the source").symlink_to(place / source)
            others = {"not a backup": 1, "file": 1, "to the source": 1}


def backs_up() -> None:
    content("backup.sh")
    dice = random.Random(3)
    for number, source in enumerate(PLACES):
        with scratch() as place:
            backups = PLACES[(number + 4) % len(PLACES)] + " b"
            names = dice.sample(NAMES, 5)
            one_place(place, source, backups, names, absolute=number % 2 == 1)
    with scratch() as place:
        one_place(place, "s", "b dir", NAMES, absolute=False)


def order_is_not_believed() -> None:
    content("backup.sh")
    with scratch() as place:
        fill_source(place)
        (place / "precious").mkdir()
        (place / "precious/x").write_text("x")
        backups = place / "backups"
        backups.mkdir()
        for name in ("old", "older", "sub"):
            (backups / name).mkdir()
        (backups / "sub/inner").mkdir()
        (backups / "link").symlink_to("../precious")
        (backups / "file").write_text("x")
        names = ["../precious", "older", "", ".", "..", "link", "file", "gone", "sub/inner", f"{place}/precious", "old", "-rf", ".order", "last without end"]
        (backups / ".order").write_bytes("\0".join(names).encode())
        ended = backup(place, "source", "backups", "1")
        expect(ended.exit_code == 0 and order(backups) == ["older", "old", "1"], f"a strange .order: {order(backups)}; {ended}")
        ended = backup(place, "source", "backups", "2")
        expect(ended.exit_code == 0 and order(backups) == ["old", "1", "2"], f"a strange .order: {order(backups)}; {ended}")
        with looking_at("backups"):
            left = sorted(os.listdir(backups))
        expect(left == sorted([".order", "1", "2", "old", "sub", "link", "file"]), f"wanted only `older` to be gone: {left}")
        expect((place / "precious/x").exists() and (backups / "sub/inner").is_dir(), "something was deleted that no backup is")


def fill_source(place: Path) -> None:
    (place / "source").mkdir()
    fill(place / "source")


def refuses() -> None:
    content("backup.sh")
    with scratch() as place:
        fill_source(place)
        for name in ("backups/taken", "source/in"):
            (place / name).mkdir(parents=True)
        (place / "backups/dangling").symlink_to("none")
        (place / "link").symlink_to("source")
        (place / "file").write_text("x")
        before = state(place)
        for arguments in ([], ["source"], ["source", "backups"], ["source", "backups", "a", "b"], ["none", "backups", "n"], ["file", "backups", "n"], ["link", "backups", "n"],
                          ["source", "file", "n"], ["source", "backups", ""], ["source", "backups", "."], ["source", "backups", ".."], ["source", "backups", ".order"],
                          ["source", "backups", "a/b"], ["source", "backups", "/"], ["source", "backups", "taken"], ["source", "backups", "dangling"], ["source", "source", "n"],
                          ["source", "source/in", "n"], ["source", "source/new", "n"], ["source", "link", "n"], ["source", "link/in", "n"], ["", "backups", "n"],
                          ["source", "", "n"], ["source", "backups/../source", "n"], ["source", "backups", "../x"]):
            ended = backup(place, *arguments)
            case = f"backup.sh {arguments}: wanted exit code 2, a message and no change; {ended}"
            expect(ended.exit_code == 2 and not ended.stdout and bool(ended.stderr.strip()), case)
            with looking_at(case):
                expect(state(place) == before, case)


judge({"backs_up": backs_up, "order_is_not_believed": order_is_not_believed, "refuses": refuses})
