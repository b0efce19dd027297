"""The line: what is sent costs."""

BYTES_PER_SECOND = 120


def seconds(message):
    """Return how long a message in hex takes."""
    return len(message) / 2 / BYTES_PER_SECOND
