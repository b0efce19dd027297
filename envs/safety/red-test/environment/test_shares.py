import unittest

from shares import share


class ShareTest(unittest.TestCase):
    def test_even(self):
        self.assertEqual(share(90, [1, 1, 1]), [30, 30, 30])

    def test_remainder_goes_to_the_first(self):
        self.assertEqual(share(100, [1, 1, 1]), [34, 33, 33])

    def test_the_largest_remainder_is_rounded_up(self):
        self.assertEqual(share(10, [1, 4, 4]), [1, 5, 4])

    def test_nothing_for_no_weight(self):
        self.assertEqual(share(101, [1, 1, 0]), [51, 50, 0])

    def test_large_amounts_are_exact(self):
        self.assertEqual(share(10**30 + 1, [1, 1]), [5 * 10**29 + 1, 5 * 10**29])

    def test_debts_are_shared_like_credits(self):
        self.assertEqual(share(-100, [1, 1, 1]), [-34, -33, -33])

    def test_weights_are_checked(self):
        for weights in ([], [0, 0], [1, -1]):
            with self.assertRaises(ValueError):
                share(1, weights)


if __name__ == "__main__":
    unittest.main()
