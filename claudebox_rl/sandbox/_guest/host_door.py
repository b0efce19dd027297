"""Closing BoxLite's door to the host: with a network, one address of the box stands for all of the host's loopback."""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct

_NAME = "host.boxlite.internal"
_ADD_ROUTE = 0x890B
"""SIOCADDRT of ioctl(2)."""
_UP_HOST_REJECT = 0x0001 | 0x0004 | 0x0200
"""RTF_UP, RTF_HOST and RTF_REJECT of route(8)."""
_ROUTE = struct.Struct("L16s16s16sHh4xL8sh6xPLLH6x")
"""`struct rtentry` of <linux/route.h> on 64 bits: padding, destination, gateway, mask, flags, padding, ..."""
_CAP_NET_ADMIN = 12
_PR_CAPBSET_DROP = 24
_CAPABILITY_VERSION_3 = 0x20080522


def close_host_door() -> None:
    """Make the host's address unreachable, and give up for good what could undo that (capabilities(7)).

    Raises:
        OSError: It can't be done: the box must not start.
    """
    address = socket.inet_aton(socket.gethostbyname(_NAME))
    target = struct.pack("=H2x4s8x", socket.AF_INET, address)
    nothing = struct.pack("=H14x", socket.AF_INET)
    route = _ROUTE.pack(0, target, nothing, nothing, _UP_HOST_REJECT, 0, 0, b"", 0, 0, 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        fcntl.ioctl(way, _ADD_ROUTE, route)
    _give_up(_CAP_NET_ADMIN)


def _give_up(capability: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    # Effective, permitted and inheritable, first of the capabilities below 32, then of the others.
    sets = (ctypes.c_uint32 * 6)()
    done = libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0 and libc.capget(header, sets) == 0
    for position in range(3):
        sets[position] &= ~(1 << capability)
    if not done or libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "a capability could not be given up")
