"""What is tried again, when and how often."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """When to try again.

    Args:
        attempts: How often the operation is called at most, the first time included; 1 or more.
        base_ms: The wait before the second call.
        factor: By what each wait is longer than the one before it.
        cap_ms: No wait is longer, unless an error asks for it.
        deadline_ms: How long after the start of it all the last wait may end; None for no limit.
        retry_on: Kinds of errors, and of kinds of these, that are tried again.
        never: Kinds of errors that are not, whatever `retry_on` says of them.
    """

    attempts: int
    base_ms: int
    factor: int = 2
    cap_ms: int = 60_000
    deadline_ms: int | None = None
    retry_on: tuple = (Exception,)
    never: tuple = ()

    def retries(self, error):
        """Whether an error is tried again."""
        if isinstance(error, self.retry_on):
            return True
        return not isinstance(error, self.never)
