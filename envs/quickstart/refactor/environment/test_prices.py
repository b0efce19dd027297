import unittest

from prices import quote


class QuoteTest(unittest.TestCase):
    def test_started_kilos_count(self):
        self.assertEqual(quote("swift", 0.2, "domestic"), 435)
        self.assertEqual(quote("swift", 1.2, "domestic"), 480)

    def test_surcharge_only_above_its_limit(self):
        self.assertEqual(quote("swift", 10, "europe"), 2090)
        self.assertEqual(quote("swift", 10.5, "europe"), 2460)

    def test_posthorn_counts_half_kilos(self):
        self.assertEqual(quote("posthorn", 1.2, "domestic"), 415)

    def test_unknown_carrier(self):
        with self.assertRaisesRegex(ValueError, "^unknown carrier: pigeon$"):
            quote("pigeon", 1, "domestic")

    def test_unserved_zone(self):
        with self.assertRaisesRegex(ValueError, "^velo does not serve zone: world$"):
            quote("velo", 1, "world")

    def test_weight_out_of_range(self):
        with self.assertRaisesRegex(ValueError, "^weight out of range: 30.5$"):
            quote("swift", 30.5, "domestic")


if __name__ == "__main__":
    unittest.main()
