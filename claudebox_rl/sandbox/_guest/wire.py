"""Frames between host and supervisor: two big-endian u32 lengths, then a JSON object, then raw bytes."""

from __future__ import annotations

import struct

from claudebox_rl.sandbox._guest import lean_json
from claudebox_rl.sandbox._guest.lean import Any, Iterator, cast

CHUNK_BYTES = 1 << 18
"""Most raw bytes in one frame."""
WINDOW_BYTES = 1 << 20
"""Most output of one command that is on its way without having been taken by the host's consumer."""
MESSAGE_CAP_BYTES = 32 << 20
"""Most JSON in one frame to the supervisor: more than any argument list and environment that the kernel takes."""
REPLY_CAP_BYTES = 1 << 16
"""Most JSON in one frame to the host."""
HEADER = struct.Struct(">II")


class WireError(Exception):
    """The peer broke the protocol."""


def encode(message: dict[str, Any], data: bytes = b"") -> bytes:
    """Return one frame."""
    text = lean_json.dumps(message)
    return HEADER.pack(len(text), len(data)) + text + data


def decode_header(header: bytes, message_cap_bytes: int) -> tuple[int, int]:
    """Return the lengths of the JSON and of the raw bytes that follow.

    Raises:
        WireError: One is beyond its cap.
    """
    text_bytes, data_bytes = HEADER.unpack(header)
    if text_bytes > message_cap_bytes or data_bytes > CHUNK_BYTES:
        raise WireError(f"a frame of {text_bytes} + {data_bytes} bytes")
    return text_bytes, data_bytes


def decode_message(text: bytes) -> dict[str, Any]:
    """Return the object of one frame.

    Raises:
        WireError: It is no JSON object.
    """
    try:
        message = lean_json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError("a frame without JSON") from error
    if not isinstance(message, dict):
        raise WireError("a frame without an object")
    return cast("dict[str, Any]", message)


class Splitter:
    """Cuts a byte stream into frames, in the supervisor."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yield the frames that are complete with `received`."""
        self._buffer += received
        while len(self._buffer) >= HEADER.size:
            text_bytes, data_bytes = decode_header(bytes(self._buffer[: HEADER.size]), MESSAGE_CAP_BYTES)
            data_from = HEADER.size + text_bytes
            if len(self._buffer) < data_from + data_bytes:
                return
            text, data = self._buffer[HEADER.size : data_from], self._buffer[data_from : data_from + data_bytes]
            del self._buffer[: data_from + data_bytes]
            yield decode_message(bytes(text)), bytes(data)
