import unittest

from billing.invoice import total


class TotalTest(unittest.TestCase):
    def test_one_line(self):
        self.assertEqual(total([["2", "5.00", "7"]]), {"net": "10.00", "taxes": {"7": "0.70"}, "total": "10.70"})

    def test_half_a_cent_goes_up(self):
        self.assertEqual(total([["0.5", "0.25", "0"]])["net"], "0.13")

    def test_half_a_cent_of_a_weight(self):
        self.assertEqual(total([["1.005", "1.00", "0"]])["net"], "1.01")

    def test_discount(self):
        self.assertEqual(total([["1", "100.00", "20"]], "10")["total"], "108.00")


if __name__ == "__main__":
    unittest.main()
