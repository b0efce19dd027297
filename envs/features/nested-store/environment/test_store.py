import unittest

from kv.store import Store


class StoreTest(unittest.TestCase):
    def test_values(self):
        store = Store()
        store.set("a", "1")
        self.assertEqual(store.get("a"), "1")
        self.assertTrue(store.delete("a"))
        self.assertFalse(store.delete("a"))
        self.assertIsNone(store.get("a"))


if __name__ == "__main__":
    unittest.main()
