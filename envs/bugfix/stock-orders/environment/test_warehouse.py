import unittest

from warehouse.errors import OrderError
from warehouse.house import House


class HouseTest(unittest.TestCase):
    def test_shipping(self):
        house = House({"cup": 5})
        self.assertEqual(house.reserve("1", [["cup", 2]], 100), "reserved")
        house.ship("1")
        self.assertEqual(house.on_hand("cup"), 3)

    def test_all_or_nothing(self):
        house = House({"cup": 5, "pot": 0})
        self.assertEqual(house.reserve("1", [["cup", 2], ["pot", 1]], 100), "waiting")
        self.assertEqual(house.available("cup"), 5)

    def test_cancelling_twice(self):
        house = House({"cup": 5})
        house.reserve("1", [["cup", 2]], 100)
        house.cancel("1")
        with self.assertRaises(OrderError):
            house.cancel("1")


if __name__ == "__main__":
    unittest.main()
