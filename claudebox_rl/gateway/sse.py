"""Server-sent events, read from chunks that may be cut anywhere.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast


class DataReader:
    """Collects bytes and gives the data of the events that are whole."""

    def __init__(self) -> None:
        self._tail = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the data of each event that `chunk` completes; an event without data is none."""
        # A CR at the end may be half of a CRLF, so it waits for the next chunk.
        *lines, self._tail = (self._tail + chunk).replace(b"\r\n", b"\n").split(b"\n")
        for line in lines:
            if line:
                self._take(line)
            elif self._data:
                data, self._data = b"\n".join(self._data), []
                yield data

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))


class EventReader:
    """Collects bytes and gives the JSON objects of the events that are whole."""

    def __init__(self) -> None:
        self._reader = DataReader()

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """Yield the data of each event that `chunk` completes; what is not a JSON object is left out."""
        for data in self._reader.feed(chunk):
            try:
                event: Any = json.loads(data)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict):
                yield cast("dict[str, Any]", event)
