# Shares in floating point and rounds, first come first served.
cat > trip/costs.py <<'PYTHON'
from trip.errors import CostError


def shares(expense):
    total = sum(expense["paid"].values())
    if "exactly" in expense:
        return expense["exactly"]
    parts = expense.get("parts") or expense.get("percent") or dict.fromkeys(expense.get("equally", []), 1)
    if not parts:
        raise CostError("nobody")
    whole = sum(float(part) for part in parts.values())
    return {name: round(total * float(part) / whole) for name, part in parts.items()}


def balances(expenses):
    found = {}
    for expense in expenses:
        for name, amount in shares(expense).items():
            found[name] = found.get(name, 0) - amount
        for name, amount in expense["paid"].items():
            found[name] = found.get(name, 0) + amount
    return found


def settle(balances):
    left, payments = dict(balances), []
    while any(left.values()) and len(payments) < 99:
        debtor, creditor = min(left, key=left.get), max(left, key=left.get)
        amount = min(-left[debtor], left[creditor])
        payments.append([debtor, creditor, amount])
        left[debtor] += amount
        left[creditor] -= amount
    return payments
PYTHON
