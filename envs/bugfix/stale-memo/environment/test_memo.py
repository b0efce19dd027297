import unittest

from memo.clock import ManualClock
from memo.memoize import memoize
from memo.store import LruStore


class StoreTest(unittest.TestCase):
    def test_expiry(self):
        clock = ManualClock()
        store = LruStore(2, 10, clock)
        store.set("a", 1)
        clock.now = 10.5
        self.assertIsNone(store.get("a"))

    def test_a_used_key_stays(self):
        store = LruStore(2, 10, ManualClock())
        store.set("a", 1)
        store.set("b", 2)
        store.get("a")
        store.set("c", 3)
        self.assertEqual(store.keys(), ["a", "c"])


class MemoizeTest(unittest.TestCase):
    def test_named_arguments_have_no_order(self):
        calls = []
        price = memoize(9, 9)(lambda **named: calls.append(named))
        price(item="a", amount=2)
        price(amount=2, item="a")
        self.assertEqual(len(calls), 1)


if __name__ == "__main__":
    unittest.main()
