"""Builds a changed copy of the workspace and tries the archive where nothing else is."""

import random
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import copy_of_workdir, expect, judge, run, scratch

VERSION = "7.31.0rc2"
FACTORS = {
    "length": {"mm": 0.001, "cm": 0.01, "m": 1.0, "km": 1000.0, "mi": 1609.344, "fathom": 1.8288, "ly": 9.4607304725808e15},
    "mass": {"g": 0.001, "kg": 1.0, "t": 1000.0, "lb": 0.45359237, "stone": 6.35029318},
    "time": {"s": 1.0, "min": 60.0, "h": 3600.0, "fortnight": 1209600.0},
}


def build(folder: Path) -> Path:
    """Return the archive, alone in a folder."""
    copy = copy_of_workdir(folder / "copy")
    try:
        shutil.rmtree(copy / "out", ignore_errors=True)
        (copy / "VERSION").write_text(VERSION + "\n")
        rows = [f"{name},{kind},{factor!r}\n" for kind, names in FACTORS.items() for name, factor in names.items()]
        (copy / "src/units/data/factors.csv").write_text("name,kind,factor\n" + "".join(rows))
    except OSError as error:
        expect(False, f"VERSION and src/units/data/factors.csv must stay where they are: {error}")
    ended = run(["python3", "build.py"], cwd=copy, timeout_s=30)
    expect(ended.exit_code == 0, f"build.py: exit code {ended.exit_code}: {(ended.stdout + ended.stderr)[-600:]}")
    archive = copy / "out" / "units.pyz"
    expect(archive.is_file() and not archive.is_symlink(), "build.py left no out/units.pyz")
    empty = folder / "empty"
    empty.mkdir()
    shutil.move(archive, empty)
    shutil.rmtree(copy, ignore_errors=True)
    return empty


def tries() -> list:
    dice = random.Random(1609344)
    cases = [(["3", "km", "m"], 0, "3000 m"), (["--version"], 0, f"units {VERSION}"), (["1", "km", "kg"], 2, "")]
    cases += [(["1", "parsec", "m"], 2, ""), (["1", "m", "parsec"], 2, ""), ([], 2, ""), (["1", "m"], 2, "")]
    for _ in range(12):
        names = FACTORS[dice.choice(sorted(FACTORS))]
        source, target = dice.choice(sorted(names)), dice.choice(sorted(names))
        value = round(dice.uniform(0.01, 5000), 3)
        wanted = f"{value * names[source] / names[target]:.10g} {target}"
        cases.append(([str(value), source, target], 0, wanted))
    return cases


def archive() -> None:
    with scratch() as place:
        folder = build(place)
        for arguments, exit_code, wanted in tries():
            ended = run(["python3", "units.pyz", *arguments], cwd=folder)
            found = f"units.pyz {' '.join(arguments)}: {ended}"
            expect(ended.exit_code == exit_code, f"wanted exit code {exit_code}; {found}")
            expect(ended.stdout == (wanted and wanted + "\n"), f"wanted {wanted!r}; {found}")


judge({"archive": archive})
