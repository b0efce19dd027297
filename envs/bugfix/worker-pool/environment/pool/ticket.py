"""What is known of a job."""

import threading


class Ticket:
    """A job that was submitted. It is done once, with a value or with an error."""

    def __init__(self, job):
        self.job = job
        self._done = threading.Event()
        self._value = self._error = None

    def finish(self, value=None, error=None):
        """Note how the job ended."""
        self._value, self._error = value, error
        self._done.set()

    def result(self, timeout_s=None):
        """Wait for the job, and return its value or raise its error.

        Raises:
            TimeoutError: It isn't done after so many seconds.
        """
        self._done.wait(timeout_s)
        if self._error:
            raise self._error
        return self._value
