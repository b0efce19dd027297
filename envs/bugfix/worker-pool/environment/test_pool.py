import threading
import unittest

from pool.pool import Pool


class PoolTest(unittest.TestCase):
    def run_limited(self, work):
        ended = threading.Event()

        def run():
            work()
            ended.set()

        threading.Thread(target=run, daemon=True).start()
        self.assertTrue(ended.wait(5), "it hangs or failed")

    def test_values(self):
        self.assertEqual(Pool(2).submit(lambda: 5).result(), 5)

    def test_errors_leave_the_pool_alive(self):
        def work():
            pool = Pool(1)
            pool.submit(lambda: 1 / 0)
            assert pool.submit(lambda: 7).result() == 7

        self.run_limited(work)


if __name__ == "__main__":
    unittest.main()
