"""Why a connection is not made."""

from __future__ import annotations

from claudebox_rl.sandbox._egress.hosts import Host

_MOST_CHARS = 300


class RefusedError(Exception):
    """The network policy does not let a connection through, or the request for it is malformed.

    Args:
        host: What was asked for; it is cut where it is long, and may be anything where the request is malformed.
        port: 0 where the request names none.
        reason: A few words that say which setting would allow it.
        status: Of the answer.
    """

    def __init__(self, host: Host | str, port: int, reason: str, *, status: int = 403) -> None:
        super().__init__(reason)
        self.host = "".join(each if each.isprintable() else "?" for each in str(host)[:_MOST_CHARS])
        self.port, self.reason, self.status = port, reason, status


class UnreachableError(Exception):
    """The policy allows a connection that can't be made all the same."""
