# Widths are sums over clusters, and lines are built cluster by cluster.
cat > layout/width.py <<'PYTHON'
"""How many columns text takes."""

import unicodedata


def clusters(text):
    """Split text into a list of characters with the combining marks that follow each."""
    starts = [at for at, sign in enumerate(text) if at == 0 or not unicodedata.combining(sign)]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)])]


def width(text):
    """Return the columns of a text."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1 for sign in text
    )
PYTHON
cat > layout/cut.py <<'PYTHON'
"""Cutting text to a width."""

from layout.width import clusters, width


def cut(text, columns, mark="…"):
    """Return the text if it fits into the columns, else its longest beginning that fits together with the mark."""
    if width(text) <= columns:
        return text
    left = columns - width(mark)
    if left < 0:
        return ""
    parts = clusters(text)
    while sum(map(width, parts)) > left:
        parts.pop()
    return "".join(parts) + mark
PYTHON
cat > layout/wrap.py <<'PYTHON'
"""Wrapping text into lines."""

from layout.width import clusters, width


def wrap(text, columns):
    """Return the lines of a text, none wider than the columns (2 or more)."""
    lines = []
    for word in filter(None, text.split(" ")):
        if lines and width(lines[-1]) + 1 + width(word) <= columns:
            lines[-1] += " " + word
            continue
        lines.append("")
        for cluster in clusters(word):
            if width(lines[-1]) + width(cluster) > columns:
                lines.append("")
            lines[-1] += cluster
    return lines
PYTHON
cat > layout/table.py <<'PYTHON'
"""Tables."""

from layout.cut import cut
from layout.width import width

DIGITS = frozenset("0123456789")


def table(rows, widest=20):
    """Return lines of rows of texts, all rows of the same length."""
    done = ["" for _ in rows]
    for at in range(len(rows[0]) if rows else 0):
        texts = [row[at] for row in rows]
        size = min(widest, max(map(width, texts)))
        right = all(text and DIGITS.issuperset(text) for text in texts)
        for number, text in enumerate(texts):
            shown = cut(text, size)
            space = " " * (size - width(shown))
            done[number] += ("  " if at else "") + (space + shown if right else shown + space)
    return [line.rstrip(" ") for line in done]
PYTHON
