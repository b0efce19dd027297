"""What is wrong with a patch."""


class PatchError(ValueError):
    """The patch is none, or doesn't fit."""
