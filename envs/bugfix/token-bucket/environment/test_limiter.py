import unittest

from limiter.gate import Gate
from limiter.plan import Plan


class GateTest(unittest.TestCase):
    def test_burst(self):
        gate = Gate({}, Plan(2, 1, 1000))
        self.assertEqual([gate.call("a", 0)["allowed"] for _ in range(3)], [True, True, False])

    def test_impatient_callers_get_their_share(self):
        gate = Gate({}, Plan(1, 1, 1000))
        allowed = [now for now in range(0, 3001, 100) if gate.call("b", now)["allowed"]]
        self.assertEqual(allowed, [0, 1000, 2000, 3000])


if __name__ == "__main__":
    unittest.main()
