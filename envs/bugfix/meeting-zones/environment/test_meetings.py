import unittest

from meetings.conflicts import conflicts
from meetings.series import starts


def series(zone, first, every="week", count=2, minutes=60):
    return {"zone": zone, "first": first, "every": every, "count": count, "minutes": minutes}


class StartsTest(unittest.TestCase):
    def test_summer(self):
        self.assertEqual(starts(series("Berlin", "2024-06-03T09:00")), ["2024-06-03T07:00", "2024-06-10T07:00"])

    def test_the_clocks_change(self):
        self.assertEqual(starts(series("Berlin", "2024-03-25T09:00")), ["2024-03-25T08:00", "2024-04-01T07:00"])

    def test_new_york_in_march(self):
        self.assertEqual(starts(series("New York", "2024-03-11T09:00", count=1)), ["2024-03-11T13:00"])


class ConflictsTest(unittest.TestCase):
    def test_one_after_the_other(self):
        self.assertEqual(conflicts({"a": series("UTC", "2024-05-01T09:00"), "b": series("UTC", "2024-05-01T10:00")}), [])


if __name__ == "__main__":
    unittest.main()
