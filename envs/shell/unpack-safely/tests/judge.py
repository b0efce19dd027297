"""Runs unpack.sh on made-up archives, honest and hostile, and compares what was unpacked."""

import gzip
import io
import tarfile
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import expect, judge, scratch
from trees import NAMES, expect_end, expect_tree, file, folder, grown, plant, script, whole

KINDS = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}


def member(name: str, entry: tuple, kind: bytes | None = None) -> tuple:
    """Return a member and its content."""
    made = tarfile.TarInfo(name)
    made.type, made.mode, made.mtime = kind or KINDS[entry[0]], entry[1], 1_700_000_000
    data = entry[2].encode() if made.type == tarfile.REGTYPE else b""
    made.size, made.linkname = len(data), "" if data else entry[2]
    return made, data


def archive(members: list, *, packed: bool) -> bytes:
    """Return the content of an archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as opened:
        for one in members:
            opened.addfile(one[0], io.BytesIO(one[1]))
    return gzip.compress(buffer.getvalue()) if packed else buffer.getvalue()


def honest(dice: random.Random) -> tuple:
    """Return members, and the tree that they make."""
    modes = {0o644: 0o644, 0o600: 0o600, 0o777: 0o755, 0o4755: 0o755, 0o444: 0o444, 0o666: 0o644}
    places = ["", "a folder/", "deep/er/", "..a/", "l\nb/"]
    tree, members = {"none": folder(0o755)}, [member("none/", folder(0o1777))]
    for name in [*NAMES, "..", "...x"]:
        path, mode = dice.choice(places) + name.replace("..", "x..", 1), dice.choice(sorted(modes))
        members += [member(path, file("older", 0o600))] * (dice.random() < 0.2)
        members.append(member(path, file(name, mode)))
        tree[path] = file(name, modes[mode])
    return members, whole(tree)


def hostile() -> dict:
    """Return archives to refuse, by what is wrong with them."""
    good = [member("good", file("good")), member("sub/x", file("x"))]
    bad = {
        "an absolute path": member("/tmp/unpack-was-here", file("x")), "a way out": member("../out", file("x")),
        "a way out in the middle": member("sub/../../out", file("x")), "a harmless ..": member("sub/../y", file("x")),
        "a symbolic link": member("to", ("link", 0o777, "good")), "a link out": member("to", ("link", 0o777, "/etc")),
        "a hard link": member("hard", file("good"), tarfile.LNKTYPE), "a pipe": member("pipe", file(), tarfile.FIFOTYPE),
        "only ..": member("sub/..", folder()), "a name of two lines": member("l\n../out", file("x")),
    }
    hard = member("hard", file(), tarfile.LNKTYPE)
    hard[0].linkname = "good"
    bad["a hard link"] = hard
    found = {what: archive([*good, one], packed=i % 2 == 0) for i, (what, one) in enumerate(bad.items())}
    behind = [member("in", ("link", 0o777, "..")), member("in/out", file("x"))]
    large = archive([*good, member("large", file("0123456789" * 30_000))], packed=False)
    found |= {"a file behind a link": archive(behind, packed=True), "a text": b"no archive at all\n" * 90, "nothing": b""}
    return {**found, "a plain one that is cut off": large[:70_000], "one that is cut off": gzip.compress(large)[:-40]}


def unpacks() -> None:
    dice = random.Random(61)
    for turn in range(5):
        members, tree = honest(dice)
        with scratch() as place:
            plant(place, {"in/-a b.tar": file(), "to": folder()})
            (place / "in/-a b.tar").write_bytes(archive(members, packed=turn % 2 == 0))
            goal = ["to/new one", "-new", "to/-n", "l\nb", "to/*"][turn]
            arguments = ("-a b.tar", f"../{goal}") if turn % 2 else (place / "in/-a b.tar", place / goal)
            expect_end(f"archive {turn}", script("unpack.sh", *arguments, cwd=place / "in"), 0)
            expect_tree(f"archive {turn}", grown(place / goal), tree)


def refuses() -> None:
    for what, data in hostile().items():
        with scratch() as place:
            before = whole({"in/x.tar": file(), "to": folder()})
            plant(place, before)
            (place / "in/x.tar").write_bytes(data)
            expect_end(what, script("unpack.sh", "in/x.tar", "to/new", cwd=place), 1)
            (place / "in/x.tar").write_text("")
            expect_tree(what, grown(place), before)
    expect(not Path("/tmp/unpack-was-here").exists(), "a file was written to an absolute path")
    good = archive([member("good", file("good"))], packed=False)
    for goal in ("there", "file", "dead", "no/where"):
        with scratch() as place:
            before = whole({"x.tar": file(), "there/old": file("o"), "file": file("f"), "dead": ("link", 0o777, "nowhere")})
            plant(place, before)
            (place / "x.tar").write_bytes(good)
            expect_end(f"unpack.sh x.tar {goal}", script("unpack.sh", "x.tar", goal, cwd=place), 1)
            (place / "x.tar").write_text("")
            expect_tree(f"unpack.sh x.tar {goal}", grown(place), before)


judge({"unpacks": unpacks, "refuses": refuses})
