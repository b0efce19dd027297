"""What upstreams that send requests on have in common: a key, an address, a client, and words for their failures."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache

import httpx

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.api_errors import error_reply
from claudebox_rl.gateway.upstream import Reply

_LIMITS = httpx.Limits(max_connections=None, keepalive_expiry=60.0)
"""Agents think and run tools between two calls: httpx's own 5 s would have most calls open a connection anew."""


@cache
def _tls() -> ssl.SSLContext:
    """Read the authorities once a process: it takes 20 ms and 0.8 MiB, and each episode has a client of its own."""
    return httpx.create_ssl_context()


class Remote:
    """A server that requests go to.

    Args:
        headers: Sent with each request, and win; the key is among them.
        timeout: For each phase of a request.
    """

    def __init__(self, headers: Mapping[str, str], timeout: httpx.Timeout) -> None:
        # Compressed bytes could not be read on the way, and the record would stay empty.
        self._headers = {"accept-encoding": "identity", **headers}
        self._timeout = timeout
        self._client: httpx.AsyncClient | None = None

    async def send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> httpx.Response:
        """Send a request; the answer's body is not read yet, and the caller closes it.

        Raises:
            httpx.HTTPError: There is no answer.
        """
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout, verify=_tls(), limits=_LIMITS)
        request = self._client.build_request(method, url, content=body, headers={**headers, **self._headers})
        return await self._client.send(request, stream=True)

    async def aclose(self) -> None:
        """Close the connections. Idempotent."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def unanswered(error: httpx.HTTPError) -> Reply:
    """Build the agent's reply where no answer came."""
    if isinstance(error, httpx.TimeoutException):
        return error_reply(504, f"the model's API did not answer in time ({type(error).__name__})")
    return error_reply(502, f"the model's API can't be reached ({type(error).__name__})")


def checked_key(upstream: str, given: str | None, source: str) -> str:
    """Return a key without blanks around it; one that can't stand in a header is refused without being shown.

    Raises:
        ConfigError: It holds characters that no key has.
    """
    value = (given or "").strip()
    if not value.isascii() or not value.isprintable():
        raise ConfigError(f"model {upstream}: {source} holds characters that no key has", variable=source)
    return value


def check_url(upstream: str, base_url: str) -> None:
    """Refuse what is no plain HTTP URL.

    Raises:
        ConfigError: Its scheme, host, or more than those is not right.
    """
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ConfigError(f"model {upstream}: base_url {base_url!r}: {error}", option="base_url") from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
        raise ConfigError(
            f"model {upstream}: base_url must be http:// or https:// with a host, and without user, password or query",
            option="base_url",
        )
