"""Formulas of a small spreadsheet."""


def value(formula: str, cells: dict) -> float:
    """Return the value of a formula.

    Args:
        formula: Such as `2 * (3 + 4)`.
        cells: Values by the names of cells.
    """
    return eval(formula)
