"""Unpacks honest and hostile archives that are made here, and compares what is there afterwards."""

import gzip
import io
import os
import random
import resource
import stat
import tarfile
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import WORKDIR, content, expect, judge, looking_at, run, scratch

FILE, FOLDER, LINK, HARD = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


def member(name: str, kind: bytes = FILE, data: bytes = b"", link: str = "", mode: int = 0o644) -> tuple:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname, info.mode = kind, len(data), link, mode
    info.uid = info.gid = 4242
    info.mtime = 1000
    return info, data


def tar(path: Path, members: list, mode: str = "w") -> Path:
    with tarfile.open(path, mode, format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data) if data else None)
    return path


def unpack(archive: Path, target: Path, umask: str = "022"):
    code = f'umask {umask}; exec "$@"'
    return run(["bash", "-c", code, "bash", sys.executable, "-s", "-B", str(WORKDIR / "unpack.py"), str(archive), str(target)], cwd=archive.parent, timeout_s=20)


def state(folder: Path) -> dict:
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        mode = stat.S_IMODE(status.st_mode)
        what = os.readlink(path) if path.is_symlink() else "folder" if path.is_dir() else path.read_bytes()
        found[str(path.relative_to(folder))] = (what,) if path.is_symlink() else (what, mode)
        expect(path.is_symlink() or status.st_mtime > 100_000, f"{path.name} has the archive's time")
    return found


GOOD = [
    member("./", FOLDER), member("a.txt", data=b"alpha"), member("bin/run", data=b"#!/bin/sh\n", mode=0o4711),
    member("sub", FOLDER, mode=0o700), member("sub/deep/", FOLDER, mode=0o1777), member("sub/deep", FOLDER), member("sub/deep/é \n.txt", data=b"\0" * 3000, mode=0),
    member("sub/up", LINK, link="../a.txt"), member("here", LINK, link="sub/deep"), member("nowhere", LINK, link="sub/none"),
    member("copy", HARD, link="a.txt"), member("sub/../b.txt", data=b"beta", mode=0o777), member("./c", data=b"", mode=0o600), member("copy2", HARD, link="bin/run"),
    member("round", LINK, link="sub/up"), member("loop", LINK, link="loop"), member("..x", data=b"x"), member("dot", LINK, link="."), member("x/y/../z", data=b"z"),
]
WANTED = {
    "a.txt": (b"alpha", 0o644), "bin": ("folder", 0o755), "bin/run": (b"#!/bin/sh\n", 0o755), "sub": ("folder", 0o755), "sub/deep": ("folder", 0o755),
    "sub/deep/é \n.txt": (b"\0" * 3000, 0o644), "sub/up": ("../a.txt",), "here": ("sub/deep",), "nowhere": ("sub/none",), "copy": (b"alpha", 0o644),
    "b.txt": (b"beta", 0o755), "c": (b"", 0o644), "copy2": (b"#!/bin/sh\n", 0o755), "round": ("sub/up",), "loop": ("loop",), "..x": (b"x", 0o644), "dot": (".",),
    "x": ("folder", 0o755), "x/z": (b"z", 0o644),
}
F = member("f", data=b"1")
BAD = {
    "parent": [F, member("../out", data=b"1")], "deep parent": [member("a/b/../../../out", data=b"1")], "absolute": [member("/tmp/unpacked-absolute", data=b"1")],
    "folder outside": [member("../out", FOLDER)], "link out": [member("l", LINK, link="..")], "link out deep": [member("a/l", LINK, link="../../x")],
    "absolute link": [member("l", LINK, link="/etc/passwd")], "absolute link inside": [member("l", LINK, link="/")],
    "through a link": [member("d", FOLDER), member("l", LINK, link="d"), member("l/x", data=b"1")], "link again": [member("l", LINK, link="d"), member("l", data=b"1")],
    "two links out": [member("a", LINK, link="d/e"), member("d", FOLDER), member("d/e", LINK, link="../..")],
    "link by link": [member("d", FOLDER), member("d/up", LINK, link=".."), member("x", LINK, link="d/up/../y")],
    "twice": [F, F], "file and folder": [F, member("f", FOLDER)], "folder and file": [member("f", FOLDER), F], "below a file": [F, member("f/x", data=b"1")],
    "same path": [member("a/../f", data=b"2"), F], "pipe": [F, member("p", tarfile.FIFOTYPE)], "device": [member("n", tarfile.CHRTYPE)],
    "block": [member("n", tarfile.BLKTYPE)], "hard link out": [member("h", HARD, link="../secret")], "hard link absolute": [member("h", HARD, link="/etc/passwd")],
    "hard link to nothing": [member("h", HARD, link="f"), F], "hard link to a link": [F, member("l", LINK, link="f"), member("h", HARD, link="l")],
    "hard link to a folder": [member("d", FOLDER), member("h", HARD, link="d")], "root is a file": [member(".", data=b"1")],
    "too large": [member(f"{n}", data=b"x" * (1 << 20)) for n in range(10)] + [member("last", data=b"x")],
    "large by hard links": [member("f", data=b"x" * (4 << 20)), member("g", HARD, link="f"), member("h", HARD, link="f")],
    "too many": [member(f"{n}") for n in range(1001)], "up and down": [member("a/../../docs/x", data=b"1")],
}


def good() -> None:
    content("unpack.py")
    with scratch() as place:
        for number, (mode, umask) in enumerate([("w", "022"), ("w:gz", "077"), ("w:bz2", "000"), ("w:xz", "027")]):
            archive, target = tar(place / f"{number}.upload", GOOD, mode), place / f"target {number}"
            before = set(os.listdir(place))
            ended = unpack(archive, target, umask)
            expect(ended.exit_code == 0 and not ended.stdout and not ended.stderr, f"an honest archive ({mode}): {ended}")
            with looking_at(f"what came out of an honest archive ({mode})"):
                found, own = state(target), stat.S_IMODE(target.stat().st_mode)
            for path in sorted(found.keys() | WANTED.keys()):
                expect(found.get(path) == WANTED.get(path), f"{mode}: {path!r}: wanted {WANTED.get(path)}, got {found.get(path)}")
            expect(own == 0o755, f"the target's mode is {own:o}")
            expect(set(os.listdir(place)) == before | {target.name}, f"left beside the archive: {os.listdir(place)}")
        limit = [member(f"{n}", data=b"x" * (1 << 20)) for n in range(10)] + [member(f"e{n}") for n in range(990)]
        for name, members in {"empty": [], "at the limits": limit}.items():
            ended = unpack(tar(place / "edge", members), place / name)
            with looking_at(f"an archive that is {name}: {ended}"):
                expect(ended.exit_code == 0 and len(os.listdir(place / name)) == len(members), f"{name}: {ended}")


def refused(archive: Path, case: str, exit_code: int = 1, target: str = "target") -> None:
    place = archive.parent
    before = state(place.parent)
    ended = unpack(archive, place / target)
    expect(ended.exit_code == exit_code and not ended.stdout, f"{case}: wanted exit code {exit_code}; {ended}")
    expect(bool(ended.stderr.strip()) and "Traceback" not in ended.stderr, f"{case}: wanted a message; {ended}")
    with looking_at(case):
        after = state(place.parent)
    expect(after == before, f"{case}: left something: {sorted(after.keys() ^ before.keys())[:5]}")


def hostile() -> None:
    content("unpack.py")
    with scratch() as outer:
        (outer / "secret").write_text("secret")
        place = outer / "uploads"
        place.mkdir()
        for case, members in BAD.items():
            refused(tar(place / "archive", members), case)
        expect(not os.path.lexists("/tmp/unpacked-absolute"), "an absolute member was written")


def damaged() -> None:
    content("unpack.py")
    dice = random.Random(21)
    with scratch() as outer:
        place = outer / "uploads"
        place.mkdir()
        whole = tar(place / "archive", [member("f", data=dice.randbytes(20000)), member("g", data=dice.randbytes(20000))], "w:gz").read_bytes()
        plain = gzip.decompress(whole)
        cases = {"cut": whole[: len(whole) // 2], "cut plain": plain[:25000], "no tar": b"hello", "text": b"x" * 5000}
        for case, data in cases.items():
            (place / "archive").write_bytes(data)
            refused(place / "archive", case)
        with gzip.open(place / "archive", "wb", compresslevel=9) as bomb:
            info, _ = member("zeros")
            info.size = 2 << 30
            bomb.write(info.tobuf())
            for _ in range(300):
                bomb.write(bytes(1 << 20))
        refused(place / "archive", "a bomb")
        tar(place / "archive", GOOD)
        (place / "folder").mkdir()
        (place / "link").symlink_to("none")
        (place / "file").write_text("x")
        for target in ("folder", "link", "file"):
            refused(place / "archive", f"a target that is a {target}", 2, target)
        refused(place / "none", "no archive", 2)


judge({"good": good, "hostile": hostile, "damaged": damaged})
