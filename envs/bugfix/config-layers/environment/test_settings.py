import unittest

from settings.loader import load


class LoadTest(unittest.TestCase):
    def test_files_win_over_defaults(self):
        found = load({"server": {"port": 1, "host": "a"}}, [{"server": {"port": 2}}])
        self.assertEqual(found, {"server": {"port": 2, "host": "a"}})

    def test_the_command_line_wins(self):
        found = load({}, [], {"APP__SERVER__PORT": "1"}, ["server.port=2"])
        self.assertEqual(found, {"server": {"port": 2}})

    def test_appending_leaves_the_defaults_alone(self):
        defaults = {"plugins": ["log"]}
        self.assertEqual(load(defaults, [{"plugins+": ["audit"]}]), {"plugins": ["log", "audit"]})
        self.assertEqual(load(defaults), {"plugins": ["log"]})

    def test_null_takes_a_key_away(self):
        self.assertEqual(load({"server": {"tls": True}}, [{"server": {"tls": None}}]), {"server": {}})


if __name__ == "__main__":
    unittest.main()
