"""Errors."""


class IniError(ValueError):
    """A line of a file can't be read."""

    def __init__(self, line):
        super().__init__(f"line {line} can't be read")
        self.line = line
