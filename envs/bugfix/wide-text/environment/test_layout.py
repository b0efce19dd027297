import unittest

from layout.cut import cut
from layout.table import table
from layout.width import width
from layout.wrap import wrap


class LayoutTest(unittest.TestCase):
    def test_wide_characters(self):
        self.assertEqual(width("日本"), 4)

    def test_cut(self):
        self.assertEqual(cut("abcdef", 4), "abc…")

    def test_wrap(self):
        self.assertEqual(wrap("the quick brown fox", 9), ["the quick", "brown fox"])

    def test_table(self):
        self.assertEqual(table([["a", "10"], ["日本", "5"]]), ["a     10", "日本   5"])


if __name__ == "__main__":
    unittest.main()
