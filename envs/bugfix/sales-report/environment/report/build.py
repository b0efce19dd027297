"""The report."""

from report.clean import clean
from report.filters import filtered
from report.groups import best, by, cents


def share(part, whole):
    """Return a share in tenths of a percent, rounded half up."""
    return round(1000 * part / whole) if whole > 0 else 0


def build(rows, filters=(), top=None):
    """Build a report; see the README."""
    errors = []
    good = filtered(clean(rows), filters)
    groups = list(by(good, 0))
    total = cents(good)
    amount = sum(1 for _ in good)
    regions = [
        {"region": region, "rows": len(group), "cents": cents(group), "best": best(group), "share": share(cents(group), total)}
        for region, group in groups
    ]
    regions.sort(key=lambda line: line["cents"], reverse=True)
    return {"rows": amount, "cents": total, "errors": errors, "regions": regions[: top or None]}
