"""Where the entries are."""

from fractions import Fraction


class Store:
    """The rows of a matrix: for each a dictionary from column to an entry that isn't 0."""

    def __init__(self, rows):
        self.rows = [{}] * rows

    def get(self, row, column):
        """Return an entry."""
        return self.rows[row].get(column, Fraction(0))

    def set(self, row, column, value):
        """Set an entry."""
        self.rows[row][column] = Fraction(value)

    def copy(self):
        """Return a copy that changes apart from this one."""
        other = Store(0)
        other.rows = self.rows.copy()
        return other
