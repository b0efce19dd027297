"""Runs answer.py on made-up readings, whose values are known in degrees before they are written in a maker's way."""

import random
import sys
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from asking import ask
from judging import judge

GIVEN = 100
"""The seed of what the agent was given."""
MISSING = ["", "NA", "n/a", "NULL", " - ", "-999", "-999.0", "na "]


def shown(hundredths: int, dice: random.Random) -> tuple:
    """Write degrees Celsius in some unit, without loss."""
    unit = dice.choice(["C", "F", "K", "c ", "f", " k", ""])
    exact = Fraction(hundredths, 100)
    kind = unit.strip().upper()
    value = exact * 9 / 5 + 32 if kind == "F" else exact + Fraction("273.15") if kind == "K" else exact
    return f"{float(value):.3f}", unit


def middle(values: list) -> Fraction:
    """Return the median."""
    values = sorted(values)
    return Fraction(values[(len(values) - 1) // 2] + values[len(values) // 2], 2)


def cleaned(values: list, missing: int) -> dict:
    """Return the answer about a sensor, from its hundredths of degrees."""
    kept = values
    if values:
        centre = middle(values)
        spread = middle([abs(value - centre) for value in values])
        kept = [value for value in values if abs(value - centre) <= 5 * spread]
    mean = round(float(Fraction(sum(kept), 100 * len(kept))), 2) if kept else None
    return {"readings": len(kept), "missing": missing, "outliers": len(values) - len(kept), "mean_c": mean}


def build(seed: int) -> tuple:
    """Return the files and the right answer."""
    dice = random.Random(seed)
    lines, wanted = [], {}
    for sensor in ["roof", "cellar 2", "Süd", "off"]:
        values, missing, base = [], 0, dice.randrange(-1500, 3000)
        for i in range(dice.randrange(15, 50)):
            lost = sensor == "off" or dice.random() < 0.15
            # Never at the edge of what counts as an outlier: there a rounding could decide.
            value = base + dice.randrange(-300, 300) + dice.choice([0] * 9 + [9001, -7003])
            text, unit = (dice.choice(MISSING), dice.choice(["C", "F", ""])) if lost else shown(value, dice)
            at = f"2024-06-{1 + i // 24:02d}T{i % 24:02d}:00Z"
            if dice.random() < 0.15:
                old, old_unit = shown(dice.randrange(-2000, 4000), dice)
                lines.append(f"{sensor},{at},{old},{old_unit}")
            lines.append(f"{sensor},{at},{text},{unit}")
            missing += lost
            values += [] if lost else [value]
        wanted[sensor] = cleaned(values, missing)
    if seed != GIVEN:
        # A single value is its own median, at no distance from it.
        lines.append(f"attic,2024-06-01T00:00Z,{dice.randrange(90)},C")
        wanted["attic"] = cleaned([int(lines[-1].split(",")[2]) * 100], 0)
    keys = [line.split(",")[0] for line in lines]
    dice.shuffle(keys)
    queues = {key: iter([line for line in lines if line.startswith(f"{key},")]) for key in set(keys)}
    mixed = [next(queues[key]) for key in keys]
    mixed[5:5] = ["# calibrated, by hand", "#roof,2024-06-01T00:00Z,12.0,C"]
    text = "# export of the thermometers\nsensor,at,value,unit\n" + "\n".join(mixed) + "\n"
    return {"readings.csv": text.encode()}, wanted


def answers() -> None:
    for seed in range(1, 6):
        ask(f"readings {seed}", *build(seed))


if __name__ == "__main__":
    judge({"answers": answers})
