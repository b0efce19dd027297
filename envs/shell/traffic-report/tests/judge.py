"""Runs report.sh on made-up logs, whose sums are known before the lines are written."""

import gzip
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import expect, judge, scratch
from trees import expect_end, file, folder, plant, script

PATHS = ["/", "/a", "/a/b", "/A", "/shop/%20x", "/é", "/a*b", "/$HOME", "/'q'", "/b\\n", "/-n", "/#x"]
BAD = ["", "x", "t GET /a 200", "t GET /a 200 5 x", "t GET /a 2000 5", "t GET /a 200 5x", "t GET /a 200 -5", "t GET  /a 200 5",
       "t GET /a 200 5 ", " t GET /a 200 5", "t GET /a 20 5", "t\tGET\t/a\t200\t5", "t GET /a 2x0 5", "t GET /a 200 1e3"]


def lines_of(dice: random.Random) -> tuple:
    """Return lines, the sums by path, and how many are bad."""
    lines, sums = [], {}
    for _ in range(dice.randrange(60, 200)):
        path, status = dice.choice(PATHS), dice.choice([200, 200, 204, 299, 199, 300, 404, 500])
        size = dice.choice([0, 7, 1000, 2_147_483_648, 99_999_999_999])
        shown = dice.choice(["-", "0", "000"]) if size == 0 else str(size)
        lines.append(f"2024-05-03T10:00:00Z GET {path}{dice.choice(['', '', '?', '?a=1?b', '?/x'])} {status} {shown}")
        if 200 <= status < 300:
            number, total = sums.get(path, (0, 0))
            sums[path] = (number + 1, total + size)
    # As many bytes in fewer lines, by the path that comes later.
    lines += ["t GET /tie0 200 500"] * 2 + ["t GET /tie1 200 1000"]
    sums |= {"/tie0": (2, 1000), "/tie1": (1, 1000)}
    bad = dice.choices(BAD, k=dice.randrange(1, 12))
    lines += bad
    dice.shuffle(lines)
    return lines, sums, len(bad)


def split_up(root: Path, lines: list, dice: random.Random) -> None:
    """Write lines to several logs of a folder."""
    names = ["access.log", "access.log.1", "access.log.2.gz", "access.log.10.gz"]
    for i, name in enumerate(names):
        ends = [dice.choice(["\n", "\n", "\r\n"]) for _ in lines[i::4]]
        text = "".join(line + end for line, end in zip(lines[i::4], ends, strict=True))
        text = text.removesuffix("\n") if not text.endswith(("\r\n", "\n\n")) else text
        (root / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    plant(root, {name: file("t GET /other 200 5\n") for name in ("access.logs", "error.log", "access.log.bak", "access.log.1x")})
    plant(root, {"access.log.7": folder(), "old/access.log": file("t GET /old 200 5\n")})


def reports() -> None:
    dice = random.Random(67)
    for turn in range(6):
        lines, sums, skipped = lines_of(dice)
        if turn == 5:
            lines, skipped = [line for line in lines if line not in BAD], 0
        with scratch() as place:
            root = plant(place / "log files", {})
            split_up(root, lines, dice)
            ended = script("report.sh", root if turn % 2 else "log files", cwd=place)
            order = sorted(sums, key=lambda path: (-sums[path][1], path.encode()))
            wanted = "".join(f"{path}\t{sums[path][0]}\t{sums[path][1]}\n" for path in order)
            case = f"logs {turn}"
            expect(ended.exit_code == 0 and ended.stdout == wanted, f"{case}: wanted {wanted!r}, got {ended}")
            last = ended.stderr.splitlines()[-1:]
            expect(last == ([f"skipped {skipped}"] if skipped else []), f"{case}: wanted skipped {skipped}, got {ended.stderr!r}")


def refuses() -> None:
    with scratch() as place:
        expect_end("a missing folder", script("report.sh", "nothing", cwd=place), 1)
        plant(place / "empty", {})
        expect_end("an empty folder", script("report.sh", "empty", cwd=place), 0)


judge({"reports": reports, "refuses": refuses})
