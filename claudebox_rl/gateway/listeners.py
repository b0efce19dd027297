"""The sockets on which the endpoint listens: loopback, and a path in the file system."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Generator
from pathlib import Path

from claudebox_rl.errors import ConfigError, GatewayError

_BACKLOG = 512
_LONGEST_PATH_BYTES = 107
"""What the kernel takes as the address of a Unix socket."""


def listen_on_loopback() -> socket.socket:
    """Listen on a free port of 127.0.0.1."""
    # With the protocol named, asyncio turns Nagle's algorithm off on what is accepted; else each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(_BACKLOG)
    return listener


def listen_on_path(path: Path, mode: int) -> socket.socket:
    """Listen on a Unix socket; one that a dead process left is replaced.

    Args:
        path: At most 107 bytes.
        mode: Who may connect, from the first moment on: `0o600` for this user alone.

    Raises:
        ConfigError: The path is longer than the 107 bytes that the kernel takes.
        GatewayError: It can't be made, is no socket, or somebody listens there.
    """
    if len(os.fsencode(path)) > _LONGEST_PATH_BYTES:
        raise ConfigError(f"socket_path is longer than {_LONGEST_PATH_BYTES} bytes: {path}", field="socket_path")
    if path.is_socket() and not _is_served(path):
        path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _made_as(mode):
            listener.bind(str(path))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise GatewayError(f"the gateway can't listen on {path}: {error.strerror}", path=str(path)) from error
    return listener


def _is_served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
    return True


@contextlib.contextmanager
def _made_as(mode: int) -> Generator[None]:
    before = os.umask(0o777 & ~mode)
    try:
        yield
    finally:
        os.umask(before)
