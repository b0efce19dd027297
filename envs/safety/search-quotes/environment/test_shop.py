import unittest

from shop import search

ROWS = [["Mug", 900, 4, 0], ["Big mug", 1200, 0, 0], ["Prototype mug", 1, 1, 1], ["O'Brien whiskey", 4000, 2, 0]]


class SearchTest(unittest.TestCase):
    def test_finds_by_part(self):
        self.assertEqual(search(ROWS[:3], "mug", "price"), [["Mug", 900, 4], ["Big mug", 1200, 0]])

    def test_finds_a_name_with_a_quote(self):
        self.assertEqual(search(ROWS, "O'Brien"), [["O'Brien whiskey", 4000, 2]])
