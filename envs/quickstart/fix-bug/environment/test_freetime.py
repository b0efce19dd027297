import unittest

from freetime import free_slots


class FreeSlotsTest(unittest.TestCase):
    def test_empty_day_is_one_slot(self):
        self.assertEqual(free_slots([], 540, 1020), [(540, 1020)])

    def test_bookings_split_the_day(self):
        self.assertEqual(free_slots([(600, 660), (720, 780)], 540, 1020), [(540, 600), (660, 720), (780, 1020)])

    def test_short_slots_are_left_out(self):
        self.assertEqual(free_slots([(600, 660), (670, 780)], 540, 1020, shortest=30), [(540, 600), (780, 1020)])


if __name__ == "__main__":
    unittest.main()
