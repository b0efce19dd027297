import unittest

from report.build import build


def row(region, product, amount):
    return {"region": region, "product": product, "amount": amount}


class BuildTest(unittest.TestCase):
    def test_one_region(self):
        found = build([row("North", "cup", "100")])
        line = {"region": "north", "rows": 1, "cents": 100, "best": "cup", "share": 1000}
        self.assertEqual(found, {"rows": 1, "cents": 100, "errors": [], "regions": [line]})

    def test_regions_are_put_together(self):
        found = build([row("a", "cup", "1"), row("b", "cup", "5"), row("a", "pot", "2")])
        self.assertEqual([[line["region"], line["cents"]] for line in found["regions"]], [["b", 5], ["a", 3]])

    def test_errors(self):
        found = build([row("a", "cup", "x"), row("a", "cup", "5")])
        self.assertEqual((found["errors"], found["cents"]), ([1], 5))


if __name__ == "__main__":
    unittest.main()
