"""The server name in the first message of a TLS connection (RFC 8446 section 4.1.2, RFC 6066 section 3)."""

from __future__ import annotations

from collections.abc import Iterator

_HANDSHAKE, _CLIENT_HELLO = 22, 1
_SERVER_NAME, _HOST_NAME = 0, 0
_MOST_RECORD_BYTES = 1 << 14
MOST_BYTES, _MOST_RECORDS = 1 << 14, 16
"""Of a first message; real ones have one or two KiB in one record."""


class NotTlsError(ValueError):
    """The bytes are not the beginning of a TLS connection."""


def looks_like_tls(received: bytes) -> bool:
    """Say whether these may be the first bytes of a TLS connection."""
    return received[:2] in (b"\x16", b"\x16\x03")


def server_name(received: bytes) -> str | None:
    """Return the name of the server that a client asks for; empty where it names none.

    Args:
        received: The first bytes of the connection. None is returned where they are too few to tell.

    Raises:
        NotTlsError: They are no client's first message, or one too long or malformed.
    """
    if len(received) > MOST_BYTES:
        raise NotTlsError("the first message is too long")
    message = _first_message(received)
    if message is None:
        return None
    try:
        return _name_in(_Reader(message))
    except (IndexError, UnicodeDecodeError) as error:
        raise NotTlsError("the first message is malformed") from error


def _first_message(received: bytes) -> bytes | None:
    """Put the first handshake message together from the records that it may be spread over."""
    message = b""
    at = 0
    for _ in range(_MOST_RECORDS):
        if len(received) - at < 5:
            break
        length = int.from_bytes(received[at + 3 : at + 5])
        if received[at] != _HANDSHAKE or received[at + 1] != 3 or not 0 < length <= _MOST_RECORD_BYTES:
            raise NotTlsError("no TLS handshake")
        message += received[at + 5 : at + 5 + length]
        if message and message[0] != _CLIENT_HELLO:
            raise NotTlsError("no ClientHello")
        end = 4 + int.from_bytes(message[1:4])
        if len(message) >= 4 and len(message) >= end:
            return message[4:end]
        at += 5 + length
    else:
        raise NotTlsError("the first message is in too many pieces")
    if received and received[0] != _HANDSHAKE:
        raise NotTlsError("no TLS handshake")
    return None


def _name_in(hello: _Reader) -> str:
    hello.take(2 + 32)  # version and random
    hello.vector(1)  # session
    hello.vector(2)  # cipher suites
    hello.vector(1)  # compressions
    if not hello.rest:
        return ""
    names = [
        name
        for kind, extension in _entries(_Reader(hello.vector(2)), kind_bytes=2)
        if kind == _SERVER_NAME
        for kind_of_name, name in _entries(_Reader(_Reader(extension).vector(2)), kind_bytes=1)
        if kind_of_name == _HOST_NAME
    ]
    if len(names) > 1:
        raise NotTlsError("the first message names several servers")
    return names[0].decode("ascii") if names else ""


def _entries(reader: _Reader, *, kind_bytes: int) -> Iterator[tuple[int, bytes]]:
    while reader.rest:
        yield int.from_bytes(reader.take(kind_bytes)), reader.vector(2)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.rest = data

    def take(self, num_bytes: int) -> bytes:
        if num_bytes > len(self.rest):
            raise IndexError("too short")
        taken, self.rest = self.rest[:num_bytes], self.rest[num_bytes:]
        return taken

    def vector(self, length_bytes: int) -> bytes:
        return self.take(int.from_bytes(self.take(length_bytes)))
