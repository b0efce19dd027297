"""Lines of a text."""


def split(text):
    """Return the lines of a text, each with its end."""
    return text.splitlines(keepends=True)
