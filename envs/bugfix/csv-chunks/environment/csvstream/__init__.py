"""CSV, read while it arrives."""

from csvstream.errors import CsvError
from csvstream.reader import Reader
from csvstream.writer import format_row

__all__ = ["CsvError", "Reader", "format_row"]
