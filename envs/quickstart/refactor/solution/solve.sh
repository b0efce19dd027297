#!/bin/bash
set -euo pipefail
cat > rates.json <<'JSON'
{
  "swift": {
    "max_kg": 30,
    "step_kg": 1,
    "zones": {
      "domestic": {"base_cents": 390, "step_cents": 45},
      "europe": {"base_cents": 890, "step_cents": 120},
      "world": {"base_cents": 1890, "step_cents": 410}
    },
    "surcharge": {"above_kg": 10, "cents": 250}
  },
  "posthorn": {
    "max_kg": 20,
    "step_kg": 0.5,
    "zones": {
      "domestic": {"base_cents": 325, "step_cents": 30},
      "europe": {"base_cents": 1150, "step_cents": 85}
    },
    "surcharge": null
  },
  "cargoline": {
    "max_kg": 500,
    "step_kg": 5,
    "zones": {
      "domestic": {"base_cents": 1500, "step_cents": 190},
      "europe": {"base_cents": 3200, "step_cents": 330},
      "world": {"base_cents": 9900, "step_cents": 770}
    },
    "surcharge": {"above_kg": 100, "cents": 4000}
  },
  "velo": {
    "max_kg": 12.5,
    "step_kg": 2.5,
    "zones": {"city": {"base_cents": 550, "step_cents": 60}},
    "surcharge": {"above_kg": 7.5, "cents": 120}
  }
}
JSON
cat > prices.py <<'PYTHON'
"""What a parcel costs, by carrier, weight and zone."""

import json
import math
from pathlib import Path

_RATES = json.loads(Path(__file__).with_name("rates.json").read_text())


def quote(carrier, weight_kg, zone):
    """Return the price of a parcel in cents.

    Raises:
        ValueError: Unknown carrier, a zone that it does not serve, or a weight that it does not take.
    """
    if carrier not in _RATES:
        raise ValueError(f"unknown carrier: {carrier}")
    rates = _RATES[carrier]
    if zone not in rates["zones"]:
        raise ValueError(f"{carrier} does not serve zone: {zone}")
    if not 0 < weight_kg <= rates["max_kg"]:
        raise ValueError(f"weight out of range: {weight_kg}")
    price = rates["zones"][zone]
    surcharge = rates["surcharge"]
    total = price["base_cents"] + math.ceil(weight_kg / rates["step_kg"]) * price["step_cents"]
    return total + (surcharge["cents"] if surcharge and weight_kg > surcharge["above_kg"] else 0)
PYTHON
python3 -m unittest --quiet
