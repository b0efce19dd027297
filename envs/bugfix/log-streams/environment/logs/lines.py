"""Text to lines."""

from logs.decode import decoded


def lines(chunks):
    """Give the lines of chunks of bytes.

    A line ends with LF or CR LF, which is no part of it, and with nothing else; the last one may have no end. An empty file has no lines.
    """
    rest = ""
    for text in decoded(chunks):
        found = (rest + text).splitlines()
        rest = found.pop() if found and not text.endswith("\n") else ""
        yield from found
    if rest:
        yield rest
