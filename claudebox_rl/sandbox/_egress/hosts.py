"""Names of hosts in one form, and the patterns that allow or block them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from typing import NoReturn

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox._egress.addresses import is_public, plain

Host = str | IPv4Address | IPv6Address
"""A name in lower case without a dot at its end, or an address."""
DEFAULT_PORTS = frozenset({80, 443})
_MOST_CHARS = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_BRACKETED = re.compile(r"\[([0-9a-fA-F:.]+)\]")
_AUTHORITY = re.compile(r"(\[[^\[\]@/\\?#%\s]*\]|[^\[\]@/\\?#%:\s]+)(?::([0-9]{1,5}))?")


def parse_host(text: str) -> Host:
    """Bring a host to its one form.

    What other programs take for an IPv4 address (its last label is a number: `127.1`, `0x7f000001`, `2130706433`,
    `0177.0.0.1`) is refused unless it is written in the plain way; so no two readers can differ about it.

    Raises:
        ValueError: It is neither a name in ASCII nor an address.
    """
    if bracketed := _BRACKETED.fullmatch(text):
        return IPv6Address(bracketed[1])
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return IPv4Address(name)
    if len(name) > _MOST_CHARS or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{text[:_MOST_CHARS]!r} is not the name of a host")
    return name


def parse_authority(text: str, default_port: int | None) -> tuple[Host, int]:
    """Take `host` or `host:port` apart; an IPv6 address stands in brackets.

    Raises:
        ValueError: It is something else: user names, zones and paths have no place here.
    """
    found = _AUTHORITY.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:_MOST_CHARS]!r} is not host:port")
    port = default_port if found[2] is None else int(found[2])
    if port is None or not 0 < port < 1 << 16:
        raise ValueError(f"{text[:_MOST_CHARS]!r} needs a port from 1 to 65535")
    return parse_host(found[1]), port


@dataclass(frozen=True, slots=True)
class Pattern:
    """One entry of `allowed_hosts` or `blocked_hosts`."""

    host: Host
    ports: frozenset[int] | None
    """None: all."""
    below: bool
    """Whether it stands for the names below `host`, and not for `host` itself."""

    def means(self, host: Host, port: int) -> bool:
        """Say whether a connection is what this entry means."""
        if self.ports is not None and port not in self.ports:
            return False
        if self.below:
            return isinstance(host, str) and host.endswith(f".{self.host}")
        return host == self.host


def parse_patterns(entries: Iterable[str]) -> tuple[Pattern, ...]:
    """Read `allowed_hosts`.

    Raises:
        ConfigError: Names the entry, and what it should look like.
    """
    patterns: list[Pattern] = []
    for entry in entries:
        pattern = _parse("allowed_hosts", entry, "network=full")
        if not isinstance(pattern.host, str) and not is_public(pattern.host):
            problem = "is not a public address; a service of this host is reached through expose_host_port"
            _refuse("allowed_hosts", entry, problem)
        patterns.append(replace(pattern, ports=DEFAULT_PORTS) if pattern.ports is None else pattern)
    return tuple(patterns)


def parse_blocked(entries: Iterable[str]) -> tuple[Pattern, ...]:
    """Read `blocked_hosts`; an entry without a port means all of them, and an address is in its plain form.

    Raises:
        ConfigError: Names the entry, and what it should look like.
    """
    patterns = [_parse("blocked_hosts", entry, "network=none") for entry in entries]
    return tuple(replace(pattern, host=plain_host(pattern.host)) for pattern in patterns)


def plain_host(host: Host) -> Host:
    """Return an address in the form in which it is compared with blocked ones; a name as it is."""
    return host if isinstance(host, str) else plain(host)


def is_reached(entries: Iterable[str], host: str, port: int, *, blocks: bool = False) -> bool:
    """Say whether entries mean a connection; a host that can't be read is never allowed, and always blocked.

    Args:
        entries: `allowed_hosts`, or `blocked_hosts`.
        host: As a program was given it.
        port: Its port.
        blocks: Whether the entries are those of `blocked_hosts`.

    Raises:
        ConfigError: An entry is malformed.
    """
    try:
        asked = parse_host(f"[{host}]" if ":" in host else host)
    except ValueError:
        return blocks
    patterns = parse_blocked(entries) if blocks else parse_patterns(entries)
    return any(pattern.means(asked, port) for pattern in patterns)


def covers(entries: Iterable[str], entry: str) -> bool:
    """Say whether all that an entry of `allowed_hosts` means is meant by one of `entries` too.

    Raises:
        ConfigError: An entry is malformed.
    """
    (one,) = parse_patterns([entry])
    return any(_covers(wide, one) for wide in parse_patterns(entries))


def _covers(wide: Pattern, one: Pattern) -> bool:
    if wide.ports is not None and (one.ports is None or not one.ports <= wide.ports):
        return False
    if not wide.below:
        return not one.below and one.host == wide.host
    is_deeper = isinstance(one.host, str) and one.host.endswith(f".{wide.host}")
    return is_deeper or (one.below and one.host == wide.host)


def _parse(field: str, entry: str, for_all: str) -> Pattern:
    if entry.startswith("*") and not entry.startswith("*."):
        _refuse(field, entry, f"gives all names below one host as '*.example.com'; for every host use {for_all}")
    try:
        host, port = _authority_of(entry.removeprefix("*."))
    except ValueError:
        _refuse(field, entry, "is not 'example.com', '*.example.com', an address, or one of these with ':port'")
    below = entry.startswith("*.")
    if below and not isinstance(host, str):
        _refuse(field, entry, "has no names below it: it is an address")
    return Pattern(host, None if port is None else frozenset({port}), below)


def _authority_of(text: str) -> tuple[Host, int | None]:
    if text.count(":") > 1 and not text.startswith("["):
        return parse_host(f"[{text}]"), None
    if text.endswith("]") or ":" not in text:
        return parse_authority(text, 80)[0], None
    return parse_authority(text, None)


def _refuse(field: str, entry: str, problem: str) -> NoReturn:
    raise ConfigError(f"{field}: {entry!r} {problem}", field=field)
