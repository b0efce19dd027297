#!/bin/bash
set -euo pipefail
cat > trip/costs.py <<'PYTHON'
"""Sharing and settling."""

import re

from trip.errors import CostError

WAYS = ("equally", "parts", "exactly", "percent")
_PERCENT = re.compile(r"([0-9]+)(?:\.([0-9]{1,4}))?")


def _fail_unless(condition, why):
    if not condition:
        raise CostError(why)


def _amounts(given, what, lowest=0):
    _fail_unless(isinstance(given, dict) and given, f"{what} names nobody")
    for name, amount in given.items():
        _fail_unless(isinstance(name, str) and name, f"{what}: not a name: {name!r}")
        _fail_unless(type(amount) is int and (lowest is None or amount >= lowest), f"{what}: not an amount: {amount!r}")
    return given


def _spread(total, parts):
    whole = sum(parts.values())
    _fail_unless(whole > 0, "nobody has a part")
    found = {name: total * part // whole for name, part in parts.items()}
    order = sorted(parts, key=lambda name: (-(total * parts[name] % whole), -parts[name], name))
    for name in order[: total - sum(found.values())]:
        found[name] += 1
    return found


def _percentages(given):
    _fail_unless(isinstance(given, dict) and given, "percent names nobody")
    parts = {}
    for name, text in given.items():
        match = _PERCENT.fullmatch(text) if isinstance(text, str) else None
        _fail_unless(match is not None, f"not a percentage: {text!r}")
        parts[name] = int(match[1]) * 10_000 + int((match[2] or "").ljust(4, "0"))
    _fail_unless(sum(parts.values()) == 1_000_000, "percentages that aren't 100 together")
    return _amounts(parts, "percent")


def shares(expense):
    """Return what each person owes of an expense."""
    _fail_unless(isinstance(expense, dict) and "paid" in expense, "nobody paid")
    total = sum(_amounts(expense["paid"], "paid").values())
    ways = [way for way in WAYS if way in expense]
    _fail_unless(len(ways) == 1, "not one way to share")
    given = expense[ways[0]]
    if ways[0] == "exactly":
        _fail_unless(sum(_amounts(given, "exactly").values()) == total, "exact amounts that aren't the sum")
        return dict(given)
    if ways[0] == "percent":
        return _spread(total, _percentages(given))
    if ways[0] == "parts":
        return _spread(total, _amounts(given, "parts"))
    _fail_unless(isinstance(given, list) and all(isinstance(name, str) for name in given), "not a list of persons")
    _fail_unless(len(set(given)) == len(given), "a person twice")
    return _spread(total, _amounts(dict.fromkeys(given, 1), "equally"))


def balances(expenses):
    """Return what each person gets (or owes, below 0)."""
    found = {}
    for expense in expenses:
        for name, amount in shares(expense).items():
            found[name] = found.get(name, 0) - amount
        for name, amount in expense["paid"].items():
            found[name] = found.get(name, 0) + amount
    return dict(sorted(found.items()))


def settle(balances):
    """Return the payments that bring all balances to 0."""
    if balances != {}:
        _amounts(balances, "balances", lowest=None)
    _fail_unless(isinstance(balances, dict) and sum(balances.values()) == 0, "balances that aren't 0 together")
    left = {name: balances[name] for name in sorted(balances)}
    payments = []

    def pay(debtor, creditor):
        amount = min(-left[debtor], left[creditor])
        payments.append([debtor, creditor, amount])
        left[debtor] += amount
        left[creditor] -= amount

    for debtor in left:
        same = [name for name in left if left[debtor] < 0 and left[name] == -left[debtor]]
        if same:
            pay(debtor, same[0])
    while any(left.values()):
        pay(min(left, key=lambda name: left[name]), max(left, key=lambda name: left[name]))
    return payments
PYTHON
