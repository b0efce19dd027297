import unittest

from cron import next_runs


class NextRunsTest(unittest.TestCase):
    def test_each_morning(self):
        self.assertEqual(next_runs("30 6 * * *", "2024-02-28T07:00", 2), ["2024-02-29T06:30", "2024-03-01T06:30"])

    def test_the_time_itself_is_over(self):
        self.assertEqual(next_runs("0 12 * * *", "2024-05-01T12:00", 1), ["2024-05-02T12:00"])

    def test_sunday_has_two_numbers(self):
        self.assertEqual(next_runs("0 3 * * 0", "2024-05-01T00:00", 1), ["2024-05-05T03:00"])
        self.assertEqual(next_runs("0 3 * * 7", "2024-05-01T00:00", 1), ["2024-05-05T03:00"])

    def test_steps(self):
        self.assertEqual(next_runs("10/20 5 * * *", "2024-05-01T05:20", 1), ["2024-05-01T05:30"])

    def test_six_fields(self):
        with self.assertRaises(ValueError):
            next_runs("0 0 * * * *", "2024-05-01T00:00", 1)


if __name__ == "__main__":
    unittest.main()
