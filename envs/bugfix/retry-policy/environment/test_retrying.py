import unittest

from retrying import Policy, Runner


class Clock:
    def __init__(self):
        self.now, self.sleeps = 0, []

    def sleep(self, wait):
        self.now += wait
        self.sleeps.append(wait)


class RunTest(unittest.TestCase):
    def failing(self, policy, times):
        clock, calls = Clock(), []

        def operation():
            calls.append(1)
            if len(calls) <= times:
                raise OSError("down")
            return len(calls)

        runner = Runner(policy, clock.sleep, lambda: clock.now)
        return runner.run(operation), clock.sleeps, runner.report.failures

    def test_it_succeeds_in_the_end(self):
        self.assertEqual(self.failing(Policy(5, 100), 2), (3, [100, 200], [("OSError", 100), ("OSError", 200)]))

    def test_the_number_of_attempts(self):
        with self.assertRaises(OSError):
            self.failing(Policy(3, 100), 3)

    def test_the_cap(self):
        self.assertEqual(self.failing(Policy(9, 100, cap_ms=250), 3)[1], [100, 200, 250])


if __name__ == "__main__":
    unittest.main()
