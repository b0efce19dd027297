"""Runs scenarios of threads, each in a process of its own that is ended when it hangs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import agree, judge, run

DRIVER = '''
import os, threading, time
from pool.pool import Pool


def together(amount, work):
    start, found = threading.Barrier(amount), [None] * amount
    def run(number):
        start.wait()
        found[number] = work(number)
    threads = [threading.Thread(target=run, args=(number,)) for number in range(amount)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def shown(results):
    return [[type(value).__name__, str(value)] if isinstance(value, Exception) else value for value in results]


def fail(text):
    raise LookupError(text)


def errors():
    pool = Pool(2)
    for number in range(20):
        pool.submit((lambda number: lambda: fail(f"no {number}") if number % 3 else number)(number))
    return shown(pool.results())


def falsy_error():
    class Quiet(Exception):
        def __bool__(self):
            return False
    def quiet():
        raise Quiet("quiet")
    pool = Pool(1)
    ticket = pool.submit(quiet)
    try:
        return [ticket.result(2), "nothing raised"]
    except Quiet as error:
        return shown([error, *pool.results()])


def order():
    pool = Pool(8)
    waits = [0.05, 0.0, 0.03, 0.01, 0.04, 0.0, 0.02, 0.01]
    for number, wait in enumerate(waits):
        pool.submit((lambda number, wait: lambda: time.sleep(wait) or number)(number, wait))
    return pool.results()


def drains():
    pool, done = Pool(3), []
    for number in range(6):
        pool.submit((lambda number: lambda: (time.sleep(0.05), done.append(number)))(number))
    pool.drain()
    return sorted(done)


def drained_by_many():
    pool = Pool(2)
    for _ in range(4):
        pool.submit(lambda: time.sleep(0.05))
    return together(5, lambda number: pool.drain() is None)


def keys():
    pool, ran = Pool(4), []
    def job():
        ran.append(1)
        time.sleep(0.05)
        return len(ran)
    values = []
    for key in range(40):
        values += together(6, lambda number: pool.submit(job, f"k{key}") is pool.submit(job, f"k{key}"))
    pool.drain()
    return [len(ran), all(values), len(pool.results())]


def key_of_failed():
    pool = Pool(1)
    first = pool.submit(lambda: fail("first"), "k")
    pool.drain()
    second = pool.submit(lambda: 5, "k")
    return [first is second, shown(pool.results())]


def nested():
    pool = Pool(1)
    def outer():
        for number in range(3):
            pool.submit((lambda number: lambda: time.sleep(0.02) or f"inner {number}")(number))
        return "outer"
    pool.submit(outer)
    return pool.results()


def wakes():
    pool, found = Pool(2), []
    def long():
        time.sleep(0.06)
        return pool.submit(lambda: 7).result(3)
    for _ in range(10):
        ticket = pool.submit(long)
        pool.submit(lambda: time.sleep(0.02))
        together(5, lambda number: pool.drain())
        found.append(ticket.result())
    return found


def parallel():
    pool, meeting = Pool(4), threading.Barrier(4)
    for _ in range(4):
        pool.submit(lambda: meeting.wait(3) >= 0)
    return pool.results()


def closes():
    before = threading.active_count()
    pool, done = Pool(5), []
    for number in range(10):
        pool.submit((lambda number: lambda: (time.sleep(0.02), done.append(number)))(number))
    pool.close()
    after = [len(done), threading.active_count() - before]
    pool.close()
    try:
        pool.submit(lambda: 1)
        after.append("taken")
    except RuntimeError:
        after.append("RuntimeError")
    return [*after, len(pool.results())]


def timeout():
    pool, go_on = Pool(1), threading.Event()
    ticket = pool.submit(lambda: go_on.wait(5))
    try:
        found = ticket.result(0.05)
    except TimeoutError:
        found = "TimeoutError"
    go_on.set()
    return [found, ticket.result(5)]


def many():
    pool = Pool(6)
    together(8, lambda number: [pool.submit((lambda value: lambda: value)(number * 100 + index)) for index in range(100)])
    found = pool.results()
    return [len(found), sorted(found) == list(range(800)), all(found.index(a) < found.index(a + 1) for a in range(0, 99))]


def case(name):
    ended = []
    thread = threading.Thread(target=lambda: ended.append(globals()[name]()), daemon=True)
    thread.start()
    thread.join(6)
    return ended[0] if ended else "hangs"
'''
WANTED = {
    "errors": [number if number % 3 == 0 else ["LookupError", f"no {number}"] for number in range(20)],
    "falsy_error": [["Quiet", "quiet"], ["Quiet", "quiet"]],
    "order": list(range(8)),
    "drains": list(range(6)),
    "drained_by_many": [True] * 5,
    "keys": [40, True, 40],
    "key_of_failed": [True, [["LookupError", "first"]]],
    "nested": ["outer", "inner 0", "inner 1", "inner 2"],
    "wakes": [7] * 10,
    "parallel": [True] * 4,
    "closes": [10, 0, "RuntimeError", 10],
    "timeout": ["TimeoutError", True],
    "many": [800, True, True],
}


def scenario(name: str) -> None:
    # Threads that hang would hold up the end of the process, but for daemons, which all of them are.
    agree(DRIVER, [[name]], lambda name: WANTED[name], timeout_s=20)


def scenarios() -> None:
    for name in WANTED:
        scenario(name)


judge({"scenarios": scenarios})
