"""Names of files as text: as `git` writes them, with `core.quotePath=false`."""

from __future__ import annotations

import re

_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_BYTES = {letter: byte for byte, letter in _ESCAPES.items()}
_ESCAPED = re.compile(r'\\([abtnvfr"\\]|[0-3][0-7]{2})')


def quoted(name: bytes) -> str:
    """Return a name as it is, or in C's quotes where it is no plain UTF-8."""
    try:
        plain = name.decode()
    except UnicodeDecodeError:
        plain = None
    if plain is not None and plain.isprintable() and not set(plain) & {'"', "\\"}:
        return plain
    return '"' + "".join(_escape(byte) for byte in name) + '"'


def unquoted(text: str) -> bytes:
    """Return the name that `quoted` wrote.

    Raises:
        ValueError: The quotes are damaged.
    """
    if not text.startswith('"'):
        return text.encode()
    body = text[1:-1]
    if len(text) < 2 or not text.endswith('"') or '"' in _ESCAPED.sub("", body) or "\\" in _ESCAPED.sub("", body):
        raise ValueError(f"{text!r:.80} is no quoted name")
    return _ESCAPED.sub(lambda found: _byte(found[1]), body).encode("latin-1")


def _escape(byte: int) -> str:
    if byte in _ESCAPES:
        return "\\" + _ESCAPES[byte]
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _byte(escape: str) -> str:
    return chr(_BYTES[escape]) if escape in _BYTES else chr(int(escape, 8))
