"""What is refused."""


class Overdrawn(Exception):
    """There is not enough on the account."""
