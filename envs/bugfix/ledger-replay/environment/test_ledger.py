import unittest

from ledger.book import Book
from ledger.errors import Overdrawn


class BookTest(unittest.TestCase):
    def test_movements(self):
        book = Book(100)
        book.deposit("1", "anna", 50)
        self.assertEqual(book.transfer("2", "anna", "ben", 20), 2)
        self.assertEqual(book.balances(), {"anna": 30, "ben": 20})
        with self.assertRaises(Overdrawn):
            book.transfer("3", "ben", "anna", 21)

    def test_a_restart_changes_nothing(self):
        book = Book(2)
        for number in range(3):
            book.deposit(str(number), "anna", 10)
        book.restart()
        self.assertEqual(book.balances(), {"anna": 30})

    def test_an_earlier_version(self):
        book = Book(2)
        for number in range(3):
            book.deposit(str(number), "anna", 10)
        self.assertEqual(book.balances(2), {"anna": 20})


if __name__ == "__main__":
    unittest.main()
