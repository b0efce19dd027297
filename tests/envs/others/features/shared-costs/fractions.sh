# Exact fractions; each way to share is a function of its own.
cat > trip/costs.py <<'PYTHON'
"""Costs that are shared."""

import re
from fractions import Fraction

from trip.errors import CostError


def _check(holds, why):
    if not holds:
        raise CostError(why)


def _people(names):
    for name in names:
        _check(isinstance(name, str) and name, f"no name: {name!r}")


def _amount(number, *, below_0=False):
    _check(type(number) is int and (below_0 or number >= 0), f"no amount: {number!r}")
    return number


def _whole(expense):
    _check(isinstance(expense, dict), "no expense")
    paid = expense.get("paid")
    _check(isinstance(paid, dict) and paid, "nobody paid")
    _people(paid)
    return sum(_amount(each) for each in paid.values())


def _spread(total, weights):
    whole = sum(weights.values())
    exact = {name: Fraction(total) * weight / whole for name, weight in weights.items()}
    given = {name: part.numerator // part.denominator for name, part in exact.items()}
    order = sorted(exact, key=lambda name: (given[name] - exact[name], -weights[name], name))
    for name in order[: total - sum(given.values())]:
        given[name] += 1
    return given


def _percent(text):
    _check(isinstance(text, str) and re.fullmatch(r"[0-9]+(\.[0-9]{1,4})?", text) is not None, f"no percentage: {text!r}")
    return Fraction(text)


def shares(expense):
    """Return what each person owes."""
    total = _whole(expense)
    ways = [way for way in ("equally", "parts", "exactly", "percent") if way in expense]
    _check(len(ways) == 1, "not one way to share")
    given = expense[ways[0]]
    _check(isinstance(given, list if ways[0] == "equally" else dict) and given, "nobody takes part")
    _people(given)
    if ways[0] == "equally":
        _check(len(set(given)) == len(given), "a person twice")
        return _spread(total, dict.fromkeys(given, 1))
    if ways[0] == "parts":
        parts = {name: _amount(part) for name, part in given.items()}
        _check(any(parts.values()), "no part")
        return _spread(total, parts)
    if ways[0] == "exactly":
        _check(sum(_amount(each) for each in given.values()) == total, "another sum")
        return dict(given)
    parts = {name: _percent(text) for name, text in given.items()}
    _check(sum(parts.values()) == 100, "not 100 per cent")
    return _spread(total, parts)


def balances(expenses):
    """Return what each person has paid less what they owe."""
    _check(isinstance(expenses, list), "no list of expenses")
    found = {}
    for expense in expenses:
        owed = shares(expense)
        for name, amount in expense["paid"].items():
            found[name] = found.get(name, 0) + amount
        for name, amount in owed.items():
            found[name] = found.get(name, 0) - amount
    return dict(sorted(found.items()))


def settle(balances):
    """Return payments that bring all balances to 0."""
    _check(isinstance(balances, dict), "no balances")
    _people(balances)
    left = {name: _amount(number, below_0=True) for name, number in balances.items()}
    _check(sum(left.values()) == 0, "the sum is not 0")
    payments = []
    for name in sorted(left):
        same = [other for other in sorted(left) if left[name] < 0 and left[other] == -left[name]]
        if same:
            payments.append([name, same[0], left[same[0]]])
            left[name] = left[same[0]] = 0
    while any(left.values()):
        giver = min(left, key=lambda name: (left[name], name))
        taker = min(left, key=lambda name: (-left[name], name))
        amount = min(-left[giver], left[taker])
        payments.append([giver, taker, amount])
        left[giver] += amount
        left[taker] -= amount
    return payments
PYTHON
