"""How long to wait."""


def wait_ms(policy, failures, error):
    """Return the wait after so many failures (1 or more), the last of which was this error.

    An error with an attribute `retry_after_ms` that is a number asks for that wait, which the cap does not limit.
    """
    asked = getattr(error, "retry_after_ms", None)
    if asked:
        return min(asked, policy.cap_ms)
    return min(policy.base_ms, policy.cap_ms) * policy.factor ** (failures - 1)
