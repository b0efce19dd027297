"""The real API, passed through: the key stays on the host, the answer's bytes are not touched."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

from claudebox_rl.errors import ConfigError, GatewayError
from claudebox_rl.gateway.options import read_options
from claudebox_rl.gateway.upstream import Reply, TaskFiles, Upstream
from claudebox_rl.gateway.upstreams._remote import Remote, check_url, checked_key, unanswered

_OAUTH, _KEY, _TOKEN = "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"
_OAUTH_BETA = "oauth-2025-04-20"
"""Value of `anthropic-beta` with which Claude Code 2.1.330 sends the token of a subscription."""
_BETA = "anthropic-beta"
_SENT_ON = ("anthropic-version", _BETA, "content-type")
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
        beta: Added to the agent's own `anthropic-beta`.
    """

    def __init__(
        self, options: AnthropicOptions, credential: tuple[str, str], secret: str, beta: str | None = None
    ) -> None:
        self.model, self.secrets = options.model, (secret,)
        self._beta = beta
        self.endpoint = options.base_url.rstrip("/")
        self._url = f"{self.endpoint}/v1/messages"
        timeout = httpx.Timeout(
            None, connect=options.connect_timeout_s, read=options.read_timeout_s, write=options.write_timeout_s
        )
        self._remote = Remote(dict([credential]), timeout)

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        """See `Upstream.make`; the key is the caller's, else read from the environment, here and nowhere else.

        In this order: a token of a subscription and a key that are given, CLAUDE_CODE_OAUTH_TOKEN, ANTHROPIC_API_KEY,
        ANTHROPIC_AUTH_TOKEN.

        Raises:
            ConfigError: There is no key, or the base URL is no plain HTTP URL.
        """
        read = read_options(AnthropicOptions, "anthropic", options)
        check_url("anthropic", read.base_url)
        if token := checked_key("anthropic", task.keys.oauth_token, "oauth_token"):
            return cls.with_oauth(read, token)
        if key := checked_key("anthropic", task.keys.api_key, "api_key"):
            return cls(read, ("x-api-key", key), key)
        if token := checked_key("anthropic", os.environ.get(_OAUTH), _OAUTH):
            return cls.with_oauth(read, token)
        if key := checked_key("anthropic", os.environ.get(_KEY), _KEY):
            return cls(read, ("x-api-key", key), key)
        if token := checked_key("anthropic", os.environ.get(_TOKEN), _TOKEN):
            return cls(read, ("authorization", f"Bearer {token}"), token)
        raise ConfigError(
            f"model anthropic: set {_KEY} (or {_OAUTH}, or {_TOKEN}) in the environment of this process, give a "
            "session api_key or oauth_token, or choose model=oracle",
            variable=_KEY,
        )

    @classmethod
    def with_oauth(cls, options: AnthropicOptions, token: str) -> Self:
        """Make one that uses a subscription's token, as `claude setup-token` gives it."""
        return cls(options, ("authorization", f"Bearer {token}"), token, _OAUTH_BETA)

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.reply`."""
        return await self._pass_on(self._url, request, headers, query)

    async def count_tokens(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.count_tokens`; the API counts."""
        return await self._pass_on(f"{self._url}/count_tokens", request, headers, query)

    async def aclose(self) -> None:
        """See `Upstream.aclose`."""
        await self._remote.aclose()

    async def _pass_on(self, url: str, request: dict[str, Any], headers: Mapping[str, str], query: str) -> Reply:
        sent = {name: headers[name] for name in _SENT_ON if name in headers}
        if self._beta is not None and self._beta not in sent.get(_BETA, "").split(","):
            sent[_BETA] = ",".join(filter(None, (sent.get(_BETA), self._beta)))
        try:
            full = f"{url}?{query}" if query else url
            response = await self._remote.send("POST", full, json.dumps(request).encode(), sent)
        except httpx.HTTPError as error:
            return unanswered(error)
        passed = {
            name: value
            for name, value in response.headers.items()
            if name in _PASSED_BACK or name.startswith(_RATE_LIMITS)
        }
        content_type = response.headers.get("content-type", "application/octet-stream")
        return Reply(response.status_code, content_type, _body(response), passed, aclose=response.aclose)


async def _body(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    except httpx.HTTPError as error:
        raise GatewayError(f"the model's API broke off its answer ({type(error).__name__})") from error
