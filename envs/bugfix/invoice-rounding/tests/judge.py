"""Compares totals with a reference in whole numbers and fractions."""

import random
import sys
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge

DRIVER = "from billing.invoice import total as case"
NAMED = [
    [[["0.5", "0.25", "0"]], "0"],
    [[["-0.5", "0.25", "19"]], "0"],
    [[["1.005", "1.00", "7"], ["1", "1.00", "7.0"], ["1", "1.00", "7.00"]], "0"],
    [[["1", "10.00", "20"], ["1", "10.00", "7"], ["1", "10.00", "5.5"]], "0.5"],
    [[["1", "0.01", "7"], ["1", "0.02", "19"], ["1", "99.97", "5"]], "33.33"],
    [[["3", "0.00", "7"]], "10"],
    [[], "5"],
]


def cents(value: Fraction) -> int:
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def text(number: int) -> str:
    return f"{'-' if number < 0 else ''}{abs(number) // 100}.{abs(number) % 100:02}"


def shortest(rate: str) -> str:
    return rate.rstrip("0").rstrip(".") if "." in rate else rate


def reference(lines: list, discount: str) -> dict:
    nets: dict = {}
    for quantity, price, rate in lines:
        exact = Fraction(quantity) * Fraction(price) * 100
        nets[Fraction(rate)] = nets.get(Fraction(rate), 0) + cents(exact)
    names = {Fraction(rate): shortest(rate) for _, _, rate in lines}
    total = sum(nets.values())
    off = cents(total * Fraction(discount) / 100)
    exact = {rate: Fraction(off * net, total or 1) for rate, net in nets.items()}
    shares = {rate: int(share) for rate, share in exact.items()} if total else dict.fromkeys(nets, 0)
    for rate in sorted(exact, key=lambda rate: (-(exact[rate] % 1), rate))[: off - sum(shares.values())]:
        shares[rate] += 1
    taxes = {rate: cents((nets[rate] - shares[rate]) * rate / 100) for rate in nets}
    return {
        "net": text(total - off),
        "taxes": {names[rate]: text(tax) for rate, tax in taxes.items()},
        "total": text(total - off + sum(taxes.values())),
    }


def random_cases(amount: int) -> list:
    dice = random.Random(19)
    cases = []
    for _ in range(amount):
        discount = dice.choice(["0", "0", "3", "12.5", "33.33", "50"])
        signs = ["", "-"] if discount == "0" else [""]
        lines = []
        for _ in range(dice.randrange(1, 7)):
            quantity = dice.choice(["0.5", "1.5", "0.125", "0.375", "1", "3", f"{dice.randrange(5000)}.{dice.randrange(1000):03}"])
            price = f"{dice.choice([0, 1, dice.randrange(200)])}.{dice.randrange(100):02}"
            lines.append([dice.choice(signs) + quantity, price, dice.choice(["0", "5", "5.5", "5.50", "7", "7.0", "19", "20"])])
        cases.append([lines, discount])
    return cases


judge({"total": lambda: agree(DRIVER, NAMED + random_cases(500), reference)})
