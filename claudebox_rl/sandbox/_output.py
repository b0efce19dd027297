"""What is kept of a command's output."""

from __future__ import annotations

CUT = b"\n[claudebox_rl: output cut at the cap]\n"


class Kept:
    """The first `cap_bytes` of one output stream."""

    def __init__(self, cap_bytes: int) -> None:
        self._cap_bytes = cap_bytes
        self._data = bytearray()
        self.cut = False

    def add(self, data: bytes) -> None:
        """Keep what there is room for."""
        room = self._cap_bytes - len(self._data)
        self._data += data[:room]
        self.cut = self.cut or len(data) > room

    def marked(self) -> bytes:
        """Return what was kept, with a line at its end where something was dropped."""
        return bytes(self._data) + (CUT if self.cut else b"")
