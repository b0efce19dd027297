"""Publishes made-up sites under several umasks and compares modes, content and links with HOSTING.md."""

import os
import random
import stat
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))


from judging import WORKDIR, content, expect, judge, looking_at, run, scratch

FOLDERS = ["", "news", "news/2024", "private", "news/private", "news/private/old", "cgi", "private notes", "a/private/b/c"]
MODES = [0o600, 0o644, 0o666, 0o640, 0o755, 0o700, 0o4755, 0o2750, 0o777, 0o444, 0o654]


def site_in(place: Path, dice: random.Random) -> Path:
    site = place / "site"
    for folder in FOLDERS:
        (site / folder).mkdir(parents=True, exist_ok=True)
        for number in range(dice.randrange(1, 4)):
            file = site / folder / f"file {number}"
            file.write_text(f"{folder} {number} {dice.random()}")
            file.chmod(dice.choice(MODES))
    (site / "news/latest").symlink_to("2024")
    (site / "home").symlink_to("news/../file 0")
    (site / "outside").symlink_to(place / "secret")
    (site / "news/up").symlink_to("../../secret")
    (site / "news/passwords").symlink_to("/etc/passwd")
    (place / "secret").write_text("secret")
    for folder in FOLDERS[1:]:
        (site / folder).chmod(dice.choice([0o700, 0o755, 0o777, 0o2775]))
    return site


def state(folder: Path) -> dict:
    """Path to what is there: mode and content, or where a link leads."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_symlink():
            found[str(path.relative_to(folder))] = os.readlink(path)
        elif path.is_dir():
            found[str(path.relative_to(folder))] = mode
        else:
            found[str(path.relative_to(folder))] = (mode, path.read_bytes())
    return found


def wanted(site: Path) -> dict:
    result = {}
    for path, was in state(site).items():
        inside = Path(path).parts[: None if isinstance(was, int) else -1]
        if isinstance(was, str):
            if (site / path).resolve().is_relative_to(site):
                result[path] = was
        elif isinstance(was, int):
            result[path] = 0o700 if "private" in inside else 0o750
        else:
            mode = 0o750 if was[0] & 0o100 else 0o640
            result[path] = (mode & 0o700 if "private" in inside else mode, was[1])
    return result


def shown(what: object) -> str:
    if isinstance(what, tuple):
        return f"{what[0]:o} with {what[1]!r}"
    return f"{what:o}" if isinstance(what, int) else str(what)


def publish(site: Path, target: Path, umask: int) -> None:
    before = state(site)
    ended = run(["bash", "-c", f'umask {umask:03o}; exec "$@"', "bash", sys.executable, "-s", "-B",
                 str(WORKDIR / "publish.py"), str(site), str(target)])
    expect(ended == type(ended)(0, "", ""), f"publish.py with umask {umask:03o}: {ended}")
    expect(state(site) == before, "the site was changed")


def compare(site: Path, target: Path, case: str, kept: dict | None = None) -> None:
    with looking_at(case):
        found, expected = state(target), wanted(site) | (kept or {})
        own = stat.S_IMODE(target.stat().st_mode)
    for path in sorted(found.keys() | expected.keys()):
        both = f"wanted {shown(expected.get(path))}, got {shown(found.get(path))}"
        expect(found.get(path) == expected.get(path), f"{case}: {path}: {both}")
    expect(own == 0o750, f"{case}: the target itself: wanted 750, got {own:o}")


def fresh() -> None:
    content("publish.py")
    for seed, umask in enumerate([0o077, 0o022, 0o000, 0o027]):
        with scratch() as place:
            site, target = site_in(place, random.Random(seed)), place / "www/site"
            publish(site, target, umask)
            compare(site, target, f"umask {umask:03o}")


def again() -> None:
    content("publish.py")
    with scratch() as place:
        site, target = site_in(place, random.Random(9)), place / "www"
        (target / "private").mkdir(parents=True)
        (target / "private/file 0").write_text("old")
        (target / "others").write_text("stays")
        for path in (target, target / "private", target / "private/file 0", target / "others"):
            path.chmod(0o777)
        kept = {"others": (0o777, b"stays")}
        publish(site, target, 0o022)
        compare(site, target, "a target that was open", kept)
        publish(site, target, 0o077)
        compare(site, target, "a second time", kept)


judge({"fresh": fresh, "again": again})
