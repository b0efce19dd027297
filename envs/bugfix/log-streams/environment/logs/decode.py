"""Bytes to text."""

BOM = b"\xef\xbb\xbf"


def decoded(chunks):
    """Give the text of chunks of bytes in UTF-8, in pieces, as if all were decoded at once with `errors="replace"`.

    A byte order mark at the very beginning is left out.
    """
    for chunk in chunks:
        yield chunk.removeprefix(BOM).decode("utf-8", errors="replace")
