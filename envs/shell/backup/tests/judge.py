"""Runs backup.sh on made-up folders and compares the members of the archive with a model of the rules."""

import tarfile
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import Wrong, expect, judge, scratch
from trees import NAMES, expect_end, expect_tree, file, folder, grown, link, plant, script, whole


def tree_of(dice: random.Random) -> dict:
    """Make up a folder."""
    places = ["", "sub folder/", "sub folder/.cache/", "skip/", "skip/in/", "l\nb/", "-o/"]
    names = [*NAMES, "x.tmp", ".tmp", "tmp", "a.tmp.txt", "nobackup", "run"]
    tree = {dice.choice(places) + name: file(f"{dice.random()}", dice.choice([0o644, 0o600, 0o755, 0o440])) for name in names * 2}
    tree |= {"skip/.nobackup": file(), "empty": folder(0o700), "to": link("sub folder"), "dead": link("no/where")}
    return whole({**tree, "-o/.cache": file("a file"), "l\nb/t.tmp": link("../to"), "cache/.cachex": file("kept")})


def packed(tree: dict) -> dict:
    """Return what has to be in the archive."""
    kept = {}
    for name, entry in tree.items():
        parts = Path(name).parts
        left_out = ".cache" in parts or parts[0] == "skip" or (entry[0] != "folder" and name.endswith(".tmp"))
        if not left_out:
            kept[name] = entry
    return kept


def members(archive: Path) -> dict:
    """Return what is in the archive, as a tree."""
    kinds = {tarfile.DIRTYPE: "folder", tarfile.SYMTYPE: "link", tarfile.REGTYPE: "file"}
    found = {}
    try:
        with tarfile.open(archive, "r:gz") as opened:
            for member in opened.getmembers():
                data = opened.extractfile(member).read().decode() if member.isreg() else member.linkname
                name = member.name.rstrip("/")
                expect(name not in found, f"{name!r} is packed twice")
                found[name] = (kinds.get(member.type, "other"), member.mode & 0o7777, data)
    except (OSError, tarfile.TarError, EOFError, ValueError) as error:
        raise Wrong(f"the archive can't be read: {error}") from None
    return found


def packs() -> None:
    dice = random.Random(53)
    for turn in range(6):
        tree, name = tree_of(dice), ["data", "my data", "-data", "d*a"][turn % 4]
        with scratch() as place:
            source = plant(place / name, tree)
            target = [place / "kept here", source, source / "sub folder"][turn % 3]
            target.mkdir(exist_ok=True)
            if turn > 2:
                (target / f"{name}.tar.gz").write_text("an older one")
            case = f"backup.sh, folder {turn}"
            inside = str(target.relative_to(place))
            arguments = (source, target) if turn % 2 else (f"./{name}/", f"./{inside}")
            expect_end(case, script("backup.sh", *arguments, cwd=place), 0)
            wanted = {f"{name}/{path}": entry for path, entry in packed(tree).items()} | {name: folder()}
            expect_tree(case, members(target / f"{name}.tar.gz"), wanted)
            (target / f"{name}.tar.gz").unlink()
            expect_tree(f"{case}, what is left", grown(source), tree)
            expect(turn % 3 > 0 or not any(target.iterdir()), f"{case}: more than the archive is left in TARGET")


def refuses() -> None:
    with scratch() as place:
        tree = whole({"data/x": file("x"), "target/data.tar.gz": file("old"), "file": file()})
        plant(place, tree)
        for arguments in (("nothing", "target"), ("data", "nothing"), ("file", "target"), ("data", "file")):
            expect_end(f"backup.sh {arguments}", script("backup.sh", *arguments, cwd=place), 1)
            expect_tree(f"backup.sh {arguments}", grown(place), tree)


judge({"packs": packs, "refuses": refuses})
