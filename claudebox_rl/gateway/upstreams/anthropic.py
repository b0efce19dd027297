"""The real API, passed through: the key stays on the host, the answer's bytes are not touched."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

from claudebox_rl.errors import ConfigError, GatewayError
from claudebox_rl.gateway.api_errors import error_reply
from claudebox_rl.gateway.options import read_options
from claudebox_rl.gateway.upstream import Reply, TaskFiles, Upstream

_KEY, _TOKEN = "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"
_SENT_ON = ("anthropic-version", "anthropic-beta", "content-type")
_PASSED_BACK = ("request-id", "retry-after", "retry-after-ms", "x-should-retry", "content-encoding")
_RATE_LIMITS = "anthropic-ratelimit-"


@dataclass(frozen=True, slots=True)
class AnthropicOptions:
    """Settings of `anthropic`."""

    model: str = "sonnet"
    """Id or alias that the agent asks for."""
    base_url: str = "https://api.anthropic.com"
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 600.0
    """Longest silence before the answer, and inside it."""
    write_timeout_s: float = 60.0


class AnthropicUpstream(Upstream):
    """Sends each request on with the host's key.

    Args:
        options: Its settings.
        credential: Name and value of the header that carries the key.
        secret: The key.
    """

    def __init__(self, options: AnthropicOptions, credential: tuple[str, str], secret: str) -> None:
        self.model, self.secrets = options.model, (secret,)
        self._url = f"{options.base_url.rstrip('/')}/v1/messages"
        self._own_headers = dict([credential])
        self._timeout = httpx.Timeout(
            None, connect=options.connect_timeout_s, read=options.read_timeout_s, write=options.write_timeout_s
        )
        self._client: httpx.AsyncClient | None = None

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        """See `Upstream.make`; the key is read from the environment here and nowhere else.

        Raises:
            ConfigError: Neither ANTHROPIC_API_KEY nor ANTHROPIC_AUTH_TOKEN holds a key, or the base URL is no plain
                HTTP URL.
        """
        read = read_options(AnthropicOptions, "anthropic", options)
        _check_url(read.base_url)
        if key := _secret(_KEY):
            return cls(read, ("x-api-key", key), key)
        if token := _secret(_TOKEN):
            return cls(read, ("authorization", f"Bearer {token}"), token)
        raise ConfigError(
            f"model anthropic: set {_KEY} (or {_TOKEN}) in the environment of this process, or choose model=oracle",
            variable=_KEY,
        )

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.reply`."""
        sent = {name: headers[name] for name in _SENT_ON if name in headers}
        try:
            response = await self._send(json.dumps(request).encode(), sent, query)
        except httpx.TimeoutException as error:
            return error_reply(504, f"the model's API did not answer in time ({type(error).__name__})")
        except httpx.HTTPError as error:
            return error_reply(502, f"the model's API can't be reached ({type(error).__name__})")
        passed = {
            name: value
            for name, value in response.headers.items()
            if name in _PASSED_BACK or name.startswith(_RATE_LIMITS)
        }
        content_type = response.headers.get("content-type", "application/octet-stream")
        return Reply(response.status_code, content_type, _body(response), passed, response.aclose)

    async def aclose(self) -> None:
        """See `Upstream.aclose`."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _send(self, body: bytes, headers: Mapping[str, str], query: str) -> httpx.Response:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout)
        url = f"{self._url}?{query}" if query else self._url
        # Compressed bytes could not be read on the way, and the record would stay empty.
        sent = {**headers, "accept-encoding": "identity", **self._own_headers}
        request = self._client.build_request("POST", url, content=body, headers=sent)
        return await self._client.send(request, stream=True)


async def _body(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    except httpx.HTTPError as error:
        raise GatewayError(f"the model's API broke off its answer ({type(error).__name__})") from error


def _secret(variable: str) -> str:
    """Read a key; one that can't stand in a header is refused without being shown."""
    value = os.environ.get(variable, "").strip()
    if not value.isascii() or not value.isprintable():
        raise ConfigError(f"model anthropic: {variable} holds characters that no key has", variable=variable)
    return value


def _check_url(base_url: str) -> None:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ConfigError(f"model anthropic: base_url {base_url!r}: {error}", option="base_url") from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
        raise ConfigError(
            "model anthropic: base_url must be http:// or https:// with a host, and without user, password or query",
            option="base_url",
        )
