"""What happened."""


class Report:
    """The failures of one run: pairs of an error's class name and the wait after it, None where the run gave up."""

    def __init__(self, failures=[]):
        self.failures = failures

    def add(self, error, wait):
        """Note a failure."""
        self.failures.append((type(error).__name__, wait))
