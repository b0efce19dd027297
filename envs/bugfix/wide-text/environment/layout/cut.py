"""Cutting text to a width."""

from layout.width import clusters, width


def cut(text, columns, mark="…"):
    """Return the text if it fits into the columns, else its longest beginning that fits together with the mark, and the mark.

    Clusters are never split. If the mark alone doesn't fit, the result is empty.
    """
    if width(text) <= columns:
        return text
    if width(mark) > columns:
        return ""
    kept = ""
    for cluster in clusters(text):
        if width(kept) + width(mark) >= columns:
            break
        kept += cluster
    return kept + mark
