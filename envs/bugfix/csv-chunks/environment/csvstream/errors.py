"""What can be wrong with a file."""


class CsvError(ValueError):
    """The text is no CSV."""
