import unittest

from formula import FormulaError, evaluate


class EvaluateTest(unittest.TestCase):
    def test_numbers(self):
        self.assertEqual(evaluate("1 + 2 * 3", {}), "7")
        self.assertEqual(evaluate("(1 + 2) / 9", {}), "1/3")

    def test_differences(self):
        self.assertEqual(evaluate("10 - 3 - 2", {}), "5")

    def test_powers(self):
        self.assertEqual(evaluate("-2 ^ 2", {}), "-4")

    def test_truth(self):
        self.assertEqual(evaluate("a > 1 and not a = 3", {"a": "2"}), "true")

    def test_wrong_kinds(self):
        with self.assertRaises(FormulaError):
            evaluate("1 + (2 = 2)", {})


if __name__ == "__main__":
    unittest.main()
