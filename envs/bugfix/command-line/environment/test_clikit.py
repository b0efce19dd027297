import unittest

from clikit.errors import UsageError
from clikit.parse import parse

OPTIONS = [
    {"name": "verbose", "short": "v", "kind": "count"},
    {"name": "define", "kind": "list"},
    {"name": "exclude", "short": "x", "kind": "number"},
]


class ParseTest(unittest.TestCase):
    def test_options(self):
        found = parse(OPTIONS, ["-v", "--define", "a", "file", "-x", "3"])
        self.assertEqual(found, {"options": {"verbose": 1, "define": ["a"], "exclude": 3}, "rest": ["file"]})

    def test_a_value_with_an_equals_sign(self):
        self.assertEqual(parse(OPTIONS, ["--define=a=b"])["options"]["define"], ["a=b"])

    def test_a_negative_number(self):
        self.assertEqual(parse(OPTIONS, ["move", "-5"])["rest"], ["move", "-5"])

    def test_bundles(self):
        self.assertEqual(parse(OPTIONS, ["-vvx3"])["options"], {"verbose": 2, "define": [], "exclude": 3})

    def test_an_unknown_option(self):
        with self.assertRaises(UsageError):
            parse(OPTIONS, ["--unknown"])


if __name__ == "__main__":
    unittest.main()
