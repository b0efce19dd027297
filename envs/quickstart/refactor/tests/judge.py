"""Compares `quote` with the old code, and with the formula for rates that only the judge knows."""

import json
import math
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import old_prices
from judging import call, content, copy_of_workdir, expect, judge, same, scratch

CARRIERS = ["swift", "posthorn", "cargoline", "velo", "pigeon", ""]
ZONES = ["domestic", "europe", "world", "city", "moon", ""]
WEIGHTS = [0.001, 0.5, 0.51, 1, 1.0, 2.5, 5, 7.5, 7.51, 10, 10.01, 12.5, 12.51, 20, 20.5, 30, 30.1, 100, 100.1, 500, 501]
OTHER_RATES = {
    "zeppelin": {
        "max_kg": 77.5,
        "step_kg": 2,
        "zones": {"domestic": {"base_cents": 7, "step_cents": 11}, "moon": {"base_cents": 0, "step_cents": 100003}},
        "surcharge": {"above_kg": 20.5, "cents": 13},
    },
    "velo": {
        "max_kg": 3,
        "step_kg": 0.25,
        "zones": {"europe": {"base_cents": 501, "step_cents": 3}},
        "surcharge": None,
    },
}


def formula(rates: dict, carrier: str, weight_kg: float, zone: str) -> int:
    if carrier not in rates:
        raise ValueError(f"unknown carrier: {carrier}")
    if zone not in rates[carrier]["zones"]:
        raise ValueError(f"{carrier} does not serve zone: {zone}")
    if weight_kg <= 0 or weight_kg > rates[carrier]["max_kg"]:
        raise ValueError(f"weight out of range: {weight_kg}")
    cents = rates[carrier]["zones"][zone]["base_cents"]
    cents += rates[carrier]["zones"][zone]["step_cents"] * math.ceil(weight_kg / rates[carrier]["step_kg"])
    extra = rates[carrier]["surcharge"]
    return cents + extra["cents"] if extra is not None and weight_kg > extra["above_kg"] else cents


def cases(carriers: list) -> list:
    dice = random.Random(390045)
    weights = WEIGHTS + [0, -1, -0.5] + [round(dice.uniform(0, 40), 2) for _ in range(20)]
    weights += [round(dice.uniform(0, 520), 1) for _ in range(20)]
    return [[carrier, weight, zone] for carrier in carriers for weight in weights for zone in ZONES]


def compare(wanted_of, carriers: list, cwd: Path | None = None) -> None:
    asked = cases(carriers)
    for case, answer in zip(asked, call("prices", "quote", asked, cwd=cwd)):
        try:
            wanted = wanted_of(*case)
        except ValueError as error:
            right = answer.get("error", [""])[0] == "ValueError" and answer.get("message") == str(error)
            expect(right, f"quote{tuple(case)}: wanted ValueError({str(error)!r}), got {answer}")
        else:
            expect(same(answer.get("value"), wanted), f"quote{tuple(case)}: wanted {wanted}, got {answer}")


def unchanged() -> None:
    compare(old_prices.quote, CARRIERS)


def data_driven() -> None:
    content("rates.json")
    with scratch() as place:
        copy = copy_of_workdir(place / "copy")
        for rates in (OTHER_RATES, {"velo": OTHER_RATES["velo"]}):
            (copy / "rates.json").unlink(missing_ok=True)
            (copy / "rates.json").write_text(json.dumps(rates))
            compare(lambda *case, rates=rates: formula(rates, *case), [*CARRIERS, "zeppelin"], copy)


judge({"unchanged": unchanged, "data_driven": data_driven})
