"""Matrices."""

from fractions import Fraction

from matrices.elimination import reduced
from matrices.memory import Memory
from matrices.store import Store


class Matrix:
    """A matrix of fractions, at first of zeros; rows and columns count from 0."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self._store, self._version, self._memory = Store(rows), 0, Memory()

    @classmethod
    def of(cls, lists):
        """Return a matrix of a list of rows (at least one, all of the same length)."""
        matrix = cls(len(lists), len(lists[0]))
        for row, values in enumerate(lists):
            for column, value in enumerate(values):
                matrix.set(row, column, value)
        return matrix

    def get(self, row, column):
        """Return an entry."""
        return self._store.get(row, column)

    def set(self, row, column, value):
        """Set an entry.

        Raises:
            IndexError: There is no such row or column; negative ones don't exist.
        """
        if row >= self.rows or column >= self.columns:
            raise IndexError(f"no place {row}, {column}")
        self._version += 1
        self._store.set(row, column, value)

    def lists(self):
        """Return all entries as a list of rows."""
        return [[self.get(row, column) for column in range(self.columns)] for row in range(self.rows)]

    def copy(self):
        """Return a copy that changes apart from this one."""
        other = Matrix(self.rows, self.columns)
        other._store = self._store.copy()
        return other

    def __eq__(self, other):
        """Whether the other one is a matrix of the same size with the same entries."""
        return isinstance(other, Matrix) and self._store.rows == other._store.rows

    def num_entries(self):
        """Return how many entries aren't 0."""
        return sum(map(len, self._store.rows))

    def transposed(self):
        """Return the transposed matrix; a new one each time, that changes apart from all others."""
        return self._memory.result(self._version, "transposed", self._turned)

    def _turned(self):
        other = Matrix(self.columns, self.rows)
        for row, values in enumerate(self.lists()):
            for column, value in enumerate(values):
                other.set(column, row, value)
        return other

    def times(self, other):
        """Return the product.

        Raises:
            ValueError: The sizes don't match.
        """
        if self.columns != other.rows:
            raise ValueError("the sizes don't match")
        product = Matrix(self.rows, other.columns)
        columns = other.transposed().lists()
        for row, values in enumerate(self.lists()):
            for column, others in enumerate(columns):
                product.set(row, column, sum(a * b for a, b in zip(values, others)))
        return product

    def determinant(self):
        """Return the determinant.

        Raises:
            ValueError: The matrix isn't square.
        """
        if self.rows != self.columns:
            raise ValueError("not square")
        return self._memory.result(self._version, "determinant", self._determinant)

    def _determinant(self):
        _, pivots, factor = reduced(self.lists(), self.columns)
        return factor if len(pivots) == self.rows else Fraction(0)

    def rank(self):
        """Return the rank."""
        return self._memory.result(self._version, "rank", lambda: len(reduced(self.lists(), self.columns)[1]))

    def inverse(self):
        """Return the inverse.

        Raises:
            ValueError: There is none.
        """
        if self.rows != self.columns:
            raise ValueError("not square")
        wide = [values + [Fraction(row == column) for column in range(self.rows)] for row, values in enumerate(self.lists())]
        rows, pivots, _ = reduced(wide, self.columns)
        if len(pivots) < self.rows:
            raise ValueError("singular")
        return Matrix.of([row[self.columns :] for row in rows])
