import unittest

from patching.apply import apply
from patching.errors import PatchError


class ApplyTest(unittest.TestCase):
    def test_one_hunk(self):
        patch = "--- a\n+++ b\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
        self.assertEqual(apply("a\nb\nc\nd\n", patch), "a\nB\nc\nd\n")

    def test_a_text_that_has_moved(self):
        self.assertEqual(apply("new\na\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n+B\n"), "new\na\nB\n")

    def test_counts_may_be_missing(self):
        self.assertEqual(apply("a\nb\nc\n", "@@ -3 +3 @@\n-c\n+C\n"), "a\nb\nC\n")

    def test_lines_are_added_after_their_place(self):
        self.assertEqual(apply("a\nb\n", "@@ -1,0 +2 @@\n+x\n"), "a\nx\nb\n")

    def test_no_place(self):
        with self.assertRaises(PatchError):
            apply("a\n", "@@ -1,1 +1,1 @@\n-b\n+B\n")


if __name__ == "__main__":
    unittest.main()
