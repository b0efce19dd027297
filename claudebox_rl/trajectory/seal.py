"""A checksum over a Parquet file's footer, in the footer: pages have their own, and the footer has none in the format.

It is written as zeros and then put in the place of them. A file without it was not written by us, or is older. One that
pyarrow wrote anew from ours has ours, which fits no more: it tells so by having it in its Arrow schema as well.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

KEY = b"claudebox_rl.seal"
BLANK = b"0" * 32
_TAIL = 8
"""Bytes after the footer: its length, and the format's mark."""


def seal(file: Any) -> None:
    """Put the checksum into a file whose metadata has `KEY` with `BLANK`; `file` can be read, written and sought in."""
    footer, start = _footer(file)
    at = _place(footer)
    if at is not None:
        file.seek(start + at)
        file.write(_digest(footer))
    file.seek(0, 2)


def fits(opened: Any) -> bool:
    """Return whether a file's footer is what its checksum was made of, or has none.

    Args:
        opened: As `Storage.open` returns it; sought back to its begin.
    """
    if hasattr(opened, "seek"):
        footer, _ = _footer(opened)
        opened.seek(0)
    else:
        with opened.open("rb") as file:
            footer, _ = _footer(file)
    at = _place(footer)
    return at is None or footer[at : at + len(BLANK)] == _digest(footer[:at] + BLANK + footer[at + len(BLANK) :])


def _footer(file: Any) -> tuple[bytes, int]:
    size = file.seek(0, 2) if hasattr(file, "fileno") or not hasattr(file, "size") else file.size()
    file.seek(max(0, size - _TAIL))
    length = int.from_bytes(file.read(_TAIL)[:4], "little")
    start = max(0, size - _TAIL - length)
    file.seek(start)
    return file.read(max(0, size - _TAIL - start)), start


def _place(footer: bytes) -> int | None:
    """Return where the checksum is: behind its key, and one byte of its length and one of the field's head."""
    key = footer.rfind(KEY)
    at = key + len(KEY) + 2
    return None if key < 0 or at + len(BLANK) > len(footer) else at


def _digest(footer: bytes) -> bytes:
    return blake2b(footer, digest_size=len(BLANK) // 2).hexdigest().encode()
