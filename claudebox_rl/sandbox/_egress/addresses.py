"""Which addresses a sandbox may be connected with."""

from __future__ import annotations

import errno
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
_NOT_PUBLIC_V4 = (
    # Not all Python versions know these: protocol assignments (Oracle's metadata among them), relays to IPv6.
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    # Azure's metadata and host agent, an address of the public range.
    IPv4Network("168.63.129.16/32"),
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = (
    # Protocol assignments with Teredo, documentation, 6to4, documentation: tunnels lead to IPv4 addresses of any kind.
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
)
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as hosts without IPv4 see them (RFC 6052)."""


def is_dialable(address: Address) -> bool:
    """Say whether an address is public and not one of this host's own."""
    return is_public(address) and not is_own(address)


def is_public(address: Address) -> bool:
    """Say whether an address belongs to the internet: not to this host, a private network, a link or a group."""
    address = plain(address)
    if isinstance(address, IPv6Address):
        return address in _PUBLIC_V6 and not any(address in network for network in _NOT_PUBLIC_V6)
    special = address.is_multicast or address.is_reserved or any(address in network for network in _NOT_PUBLIC_V4)
    return address.is_global and not special


def is_own(address: Address) -> bool:
    """Say whether an address is one of this host's, on any interface: exactly those can be bound to."""
    address = plain(address)
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((str(address), 0))
    except OSError as error:
        # Whatever else went wrong, it must not open a way.
        return error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
    return True


def plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else address
