"""What is refused."""


class OrderError(Exception):
    """An order can't do that."""
