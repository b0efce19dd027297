"""Wrapping text into lines."""

from layout.width import clusters, width


def wrap(text, columns):
    """Return the lines of a text, none wider than the columns (2 or more).

    Words are what is between spaces (U+0020), and each line takes as many as fit, with one space between two. A word that is
    too wide for a line begins on a line of its own and is split between clusters, each line as full as possible; the next word may follow
    its rest on the last of them. A text without words has no lines.
    """
    lines = []
    line = ""
    for word in text.split(" "):
        if width(line) + width(word) < columns:
            line = f"{line} {word}" if line else word
        else:
            lines.append(line)
            line = word
    lines.append(line)
    return lines
