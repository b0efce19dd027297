"""Lines of an invoice."""

from dataclasses import dataclass
from decimal import Decimal

from billing.money import to_cents


@dataclass(frozen=True)
class Line:
    """One position: its net in cents and its tax rate in percent."""

    net: int
    rate: str


def shortest(rate):
    """Write a rate without trailing zeros."""
    return format(Decimal(rate).normalize(), "f")


def parse(line):
    """Read a line [quantity, unit_price, rate] of texts."""
    quantity, price, rate = line
    return Line(to_cents(Decimal(float(quantity) * float(price))), rate)
