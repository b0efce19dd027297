"""The reader."""

from csvstream.errors import CsvError
from csvstream.states import PLAIN, QUOTE, QUOTED, START


class Reader:
    """Reads CSV in chunks of any size.

    Fields are separated by commas, rows end in LF, CR LF or CR, and the last row may have no end. A field that begins with a
    quote goes to the next single quote; two quotes in it stand for one, and commas and line ends in it are kept as they
    are. After its closing quote only a comma or the end of the row may follow. A quote elsewhere in a field is an ordinary
    character. An empty line is no row.
    """

    def __init__(self):
        self._state = START
        self._field = []
        self._row = []
        self._after_cr = False

    def feed(self, chunk):
        """Take the next characters and return the rows (lists of texts) that they complete.

        Raises:
            CsvError: Something else than a comma or a line end follows a closing quote.
        """
        rows = []
        self._after_cr = False
        for character in chunk:
            if character == "\n" and self._after_cr:
                self._after_cr = False
                continue
            self._after_cr = False
            self._take(character, rows)
        if self._state == QUOTE:
            self._state = PLAIN
        return rows

    def close(self):
        """Return the rows that the end of the text completes: none or one.

        Raises:
            CsvError: A quoted field has no end.
        """
        rows = []
        if self._state == QUOTED:
            raise CsvError("a quoted field has no end")
        if self._field or self._row:
            self._end_row(rows)
        return rows

    def _take(self, character, rows):
        if self._state == QUOTED:
            if character == '"':
                self._state = QUOTE
            else:
                self._field.append(character)
        elif self._state == QUOTE and character == '"':
            self._field.append('"')
            self._state = QUOTED
        elif character == ",":
            self._end_field()
        elif character in "\r\n":
            self._after_cr = character == "\r"
            self._end_row(rows)
        elif self._state == QUOTE:
            raise CsvError(f"{character!r} after a closing quote")
        elif self._state == START and character == '"':
            self._state = QUOTED
        else:
            self._field.append(character)
            self._state = PLAIN

    def _end_field(self):
        self._row.append("".join(self._field))
        self._field = []
        self._state = START

    def _end_row(self, rows):
        if not self._row and not self._field:
            self._state = START
            return
        self._end_field()
        rows.append(self._row)
        self._row = []
