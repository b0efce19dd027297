"""The pool."""

import threading

from pool.line import Line
from pool.ticket import Ticket


class Pool:
    """Runs jobs (functions without parameters) in some threads, beginning with them in the order of their submission.

    All methods may be called from any thread, and `submit` from jobs as well.
    """

    def __init__(self, threads):
        self._line, self._lock = Line(), threading.Lock()
        self._tickets, self._by_key = [], {}
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, job, key=None):
        """Submit a job, and return its ticket at once.

        With a key that was submitted before, the job is not run: the ticket of the first one is returned, whatever became of it.

        Raises:
            RuntimeError: The pool is closed.
        """
        if key is not None and key in self._by_key:
            return self._by_key[key]
        ticket = Ticket(job)
        self._line.put(ticket)
        if key is not None:
            self._by_key[key] = ticket
        return ticket

    def drain(self):
        """Wait until all jobs that were submitted are done, with those that jobs submit. Errors of jobs don't matter here."""
        self._line.wait_idle()

    def results(self):
        """Wait as `drain` does, and return the results of all jobs in the order of submission: values, and errors as they were raised."""
        self.drain()
        found = []
        for ticket in self._tickets:
            found.append(ticket.result())
        return found

    def close(self):
        """Let all jobs that were submitted be done, and end the threads; returns when they have ended. May be called again."""
        self._line.close()
        self._threads.clear()

    def _work(self):
        while ticket := self._line.take():
            self._tickets.append(ticket)
            ticket.finish(ticket.job())
            self._line.done()
