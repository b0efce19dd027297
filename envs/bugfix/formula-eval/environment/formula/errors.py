"""What is wrong with a formula."""


class FormulaError(ValueError):
    """The formula can't be read or has no value."""
