import tempfile
import unittest
from pathlib import Path

from logs.lines import lines
from logs.merge import merged


class LinesTest(unittest.TestCase):
    def test_lines(self):
        self.assertEqual(list(lines([b"one\r\ntw", b"o\n\nthree"])), ["one", "two", "", "three"])

    def test_a_character_in_two_chunks(self):
        self.assertEqual(list(lines([b"caf\xc3", b"\xa9\n"])), ["café"])


class MergedTest(unittest.TestCase):
    def test_the_order_of_time(self):
        with tempfile.TemporaryDirectory() as folder:
            first, second = Path(folder, "1"), Path(folder, "2")
            first.write_text("2024-05-01T10:00:00+00:00 a\n2024-05-01T12:00:00+00:00 c\n")
            second.write_text("2024-05-01T13:00:00+02:00 b\n")
            self.assertEqual([line[-1] for line in merged([first, second])], ["a", "b", "c"])


if __name__ == "__main__":
    unittest.main()
