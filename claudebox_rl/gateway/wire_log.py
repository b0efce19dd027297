"""Headers kept out of the HTTP client's debug log: a server, or a proxy before it, may send a key back in one."""

from __future__ import annotations

import logging

_LOGGERS = ("httpcore.http11", "httpcore.http2")
_HEADERS = "receive_response_headers."
"""How httpcore names the step whose result, or failure, it logs with the headers' text."""


def hide_headers() -> None:
    """Have httpcore log no response headers, at any level, in this process. Idempotent."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_tells_no_headers)


def _tells_no_headers(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_HEADERS)
