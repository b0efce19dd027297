#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit("billing/money.py", "from decimal import Decimal", "from decimal import ROUND_HALF_UP, Decimal")
edit(
    "billing/money.py",
    "    return int(amount.quantize(CENT) / CENT)",
    "    return int(amount.quantize(CENT, ROUND_HALF_UP) / CENT)",
)
edit(
    "billing/lines.py",
    "    return Line(to_cents(Decimal(float(quantity) * float(price))), rate)",
    "    return Line(to_cents(Decimal(quantity) * Decimal(price)), shortest(rate))",
)
edit(
    "billing/spread.py",
    '''    for index in range(left):
        shares[index] += 1''',
    '''    fractions = sorted(range(len(weights)), key=lambda index: -(cents * weights[index] % total))
    for index in fractions[:left]:
        shares[index] += 1''',
)
edit("billing/invoice.py", "    rates = sorted(nets)", "    rates = sorted(nets, key=Decimal)")
PYTHON
python3 -m unittest --quiet
