"""Files read and written for the host, as the sandbox's user: links resolve inside, where they can do no harm."""

from __future__ import annotations

import errno
import os
import stat

from claudebox_rl.sandbox._guest.lean import Any
from claudebox_rl.sandbox._guest.place import Place
from claudebox_rl.sandbox._guest.wire import CHUNK_BYTES


class Reader:
    """One regular file on its way out, a chunk for each request.

    Args:
        path: Absolute path inside.
        max_bytes: A larger file is refused, also one that grows while it is read.

    Raises:
        OSError: It can't be opened or is no regular file.
    """

    def __init__(self, path: str, max_bytes: int) -> None:
        self._left = max_bytes
        # Not blocking: opening a FIFO must not wait for its other end.
        self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            self.close()
            raise OSError(errno.EINVAL, "not a regular file")

    def serve(self, data: bytes, last: bool) -> tuple[bool, bytes]:
        """Return whether the file ends with the next chunk, and the chunk."""
        chunk = bytearray()
        while len(chunk) < CHUNK_BYTES:
            # Files of /proc give less than asked for long before their end.
            part = os.read(self._file, CHUNK_BYTES - len(chunk))
            if not part:
                last = True
                break
            chunk += part
        self._left -= len(chunk)
        if self._left < 0:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return last, bytes(chunk)

    def close(self) -> None:
        """Give up the file."""
        os.close(self._file)


class Writer:
    """One file on its way in, as a temporary name beside its place until it is whole.

    Args:
        path: Absolute path inside; its folders are made.
        mode: Permission bits.
        serial: A number that no other writer has.

    Raises:
        OSError: It can't be made.
    """

    def __init__(self, path: str, mode: int, serial: int) -> None:
        folder = os.path.dirname(path)
        os.makedirs(folder, exist_ok=True)
        self._path, self._mode = path, mode
        self._partial = os.path.join(folder, f".claudebox-{serial}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.open(self._partial, flags, 0o600)

    def serve(self, data: bytes, last: bool) -> tuple[bool, bytes]:
        """Take the next chunk; put the file in its place with the last one."""
        left = memoryview(data)
        while left:
            left = left[os.write(self._file, left) :]
        if last:
            os.fchmod(self._file, self._mode)
            os.rename(self._partial, self._path)
            self._partial = ""
        return last, b""

    def close(self) -> None:
        """Give up the file; what was not whole is removed."""
        os.close(self._file)
        if self._partial:
            try:
                os.unlink(self._partial)
            except FileNotFoundError:
                return


Transfer = Reader | Writer | Place


def open_file(message: dict[str, Any]) -> Transfer:
    """Start the transfer that a message asks for.

    Raises:
        OSError: It can't start.
    """
    if message["op"] == "read":
        return Reader(message["path"], message["max_bytes"])
    if message["op"] == "resolve":
        return Place(message["path"])
    return Writer(message["path"], message["mode"], message["id"])
