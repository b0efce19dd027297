"""What threads see of a `Cache`: read by the judge as text, and run in a process that imports the judged code.

Waits are only as long as a wrong cache makes them: a right one passes each of them at once.
"""

import json
import os
import sys
import threading
import time

THREADS = 16
PATIENCE_S = 2.0


def together(work, amount=THREADS):
    """Run `work(number)` in threads that start at the same moment; return what each gave or raised."""
    start, outcomes = threading.Barrier(amount), [None] * amount

    def run(number):
        start.wait()
        try:
            outcomes[number] = ["value", work(number)]
        except Exception as error:
            outcomes[number] = ["error", type(error).__name__, str(error)]

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(amount)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 2 * PATIENCE_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return outcomes


def once(cache):
    loads = []

    def load(key):
        loads.append(key)
        time.sleep(0.1)
        return f"value of {key}"

    keys = ["a", "b", "c", "d"]
    seen = together(lambda number: cache.get(keys[number % 4], load))
    again = [cache.get(key, load) for key in keys]
    return {"seen": seen, "again": again, "loads": sorted(loads)}


def parallel(cache):
    meeting = threading.Barrier(4)

    def load(key):
        meeting.wait(PATIENCE_S)
        return key * 2

    return together(lambda number: cache.get(number, load), 4)


def not_held_up(cache):
    cache.get("ready", str.upper)
    begun, go_on = threading.Event(), threading.Event()

    def slow(key):
        begun.set()
        go_on.wait(PATIENCE_S)
        return "slow"

    def quick(key):
        return "quick"

    def work(number):
        if number == 0:
            return cache.get("slow", slow)
        begun.wait(PATIENCE_S)
        try:
            return [cache.get("ready", quick), cache.get("new", quick), go_on.is_set()]
        finally:
            go_on.set()

    return together(work, 2)


def errors(cache):
    loads = []

    def fail(key):
        loads.append(key)
        time.sleep(0.25)
        raise LookupError(f"no {key}")

    seen = together(lambda number: cache.get("k", fail), 8)
    # Each thread retrying for itself makes 8 loads; a thread that starts late may make a second one.
    return {"seen": seen, "few": len(loads) <= 3, "then": cache.get("k", lambda key: f"now {key}")}


def nested(cache):
    def fibonacci(key):
        return key if key < 2 else cache.get(key - 1, fibonacci) + cache.get(key - 2, fibonacci)

    return together(lambda number: cache.get(12, fibonacci), 1) + together(lambda number: cache.get(15, fibonacci), 1)


def values(cache):
    loads = []

    def load(key):
        loads.append(repr(key))
        return {"none": None, "false": False, 0: ""}.get(key, [])

    keys = ["none", "false", 0, (1, "x"), None]
    first, second = [cache.get(key, load) for key in keys], [cache.get(key, load) for key in keys]
    return {"first": first, "second": second, "same": first[3] is second[3], "loads": loads}


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.insert(0, os.getcwd())
    name = sys.stdin.read()
    from cache import Cache

    answers.write(json.dumps(globals()[name](Cache())))
    answers.flush()
    # Threads that a wrong cache left waiting must not hold up the end.
    os._exit(0)


main()
