import unittest

from builder.errors import Cycle, UnknownTarget
from builder.plan import outdated, plan


class PlanTest(unittest.TestCase):
    def test_needs_come_first(self):
        self.assertEqual(plan({"app": ["lib"], "lib": ["core"], "core": [], "doc": []}, ["app"]), ["core", "lib", "app"])

    def test_a_common_need_is_no_cycle(self):
        project = {"app": ["web", "cli"], "web": ["core"], "cli": ["core"], "core": []}
        self.assertEqual(plan(project, ["app"]), ["core", "cli", "web", "app"])

    def test_a_cycle(self):
        with self.assertRaises(Cycle):
            plan({"a": ["b"], "b": ["a"]}, ["a"])

    def test_an_unknown_target(self):
        with self.assertRaises(UnknownTarget):
            plan({"a": ["b"]}, ["a"])

    def test_changes(self):
        self.assertEqual(outdated({"app": ["lib"], "lib": [], "doc": []}, ["lib"]), ["app", "lib"])


if __name__ == "__main__":
    unittest.main()
