"""What is wrong with a command line."""


class UsageError(Exception):
    """The user has to write it in another way."""
