"""Totals of an invoice."""

from decimal import Decimal

from billing.lines import parse
from billing.money import CENT, as_text, to_cents
from billing.spread import spread


def total(lines, discount="0"):
    """Sum up lines of [quantity, unit_price, rate]; see the README for the rules."""
    nets = {}
    for line in map(parse, lines):
        nets[line.rate] = nets.get(line.rate, 0) + line.net
    rates = sorted(nets)
    off = to_cents(sum(nets.values()) * CENT * Decimal(discount) / 100)
    for rate, share in zip(rates, spread(off, [nets[rate] for rate in rates])):
        nets[rate] -= share
    taxes = {rate: to_cents(nets[rate] * CENT * Decimal(rate) / 100) for rate in rates}
    net = sum(nets.values())
    return {
        "net": as_text(net),
        "taxes": {rate: as_text(tax) for rate, tax in taxes.items()},
        "total": as_text(net + sum(taxes.values())),
    }
