import unittest

from matrices.matrix import Matrix


class MatrixTest(unittest.TestCase):
    def test_entries(self):
        matrix = Matrix(2, 2)
        matrix.set(0, 1, 5)
        self.assertEqual(matrix.lists(), [[0, 5], [0, 0]])

    def test_product(self):
        self.assertEqual(Matrix.of([[1, 2], [3, 4]]).times(Matrix.of([[1], [1]])).lists(), [[3], [7]])

    def test_determinant(self):
        matrix = Matrix.of([[0, 1], [1, 0]])
        self.assertEqual(matrix.determinant(), -1)
        matrix.set(0, 0, 2)
        matrix.set(1, 1, 1)
        self.assertEqual(matrix.determinant(), 1)

    def test_a_copy(self):
        matrix = Matrix.of([[1]])
        copy = matrix.copy()
        matrix.set(0, 0, 2)
        self.assertEqual(copy.get(0, 0), 1)


if __name__ == "__main__":
    unittest.main()
