import unittest

from listing.cursor import CursorError
from listing.pages import page

ORDERS = [{"id": 3, "created": 5}, {"id": 1, "created": 5}, {"id": 2, "created": 4}]


class PageTest(unittest.TestCase):
    def test_pages_follow_each_other(self):
        first = page(ORDERS, "created", 2)
        self.assertEqual(first["ids"], [2, 1])
        self.assertEqual(page(ORDERS, "created", 2, first["next"])["ids"], [3])

    def test_largest_first(self):
        self.assertEqual(page(ORDERS, "-created", 9)["ids"], [1, 3, 2])

    def test_the_last_page_has_no_next_one(self):
        self.assertIsNone(page(ORDERS, "created", 3)["next"])

    def test_no_cursor(self):
        with self.assertRaises(CursorError):
            page(ORDERS, "created", 3, "?")


if __name__ == "__main__":
    unittest.main()
