"""The upstream itself: one chat completions request for each request of the agent."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Self, cast

import httpx

from claudebox_rl.errors import ConfigError, GatewayError
from claudebox_rl.gateway.api_errors import error_reply
from claudebox_rl.gateway.message_stream import Event
from claudebox_rl.gateway.messages import encode_event, message_reply
from claudebox_rl.gateway.sse import DataReader
from claudebox_rl.gateway.upstream import Reply, Sampled, TaskFiles, Upstream, once
from claudebox_rl.gateway.upstreams._remote import Remote, check_url, checked_key, unanswered
from claudebox_rl.gateway.upstreams.openai.answer import Answer, whole_message
from claudebox_rl.gateway.upstreams.openai.blocks import UntranslatableError
from claudebox_rl.gateway.upstreams.openai.errors import refusal
from claudebox_rl.gateway.upstreams.openai.options import OpenAIOptions
from claudebox_rl.gateway.upstreams.openai.request import chat_request, counted
from claudebox_rl.gateway.upstreams.openai.samples import Samples, asking

_KEY = "OPENAI_API_KEY"
_EVENT_STREAM = "text/event-stream"
_CONTENT_TYPE = "text/event-stream; charset=utf-8"
_DONE = b"[DONE]"
_COUNTING = ("vllm", "sglang")
_SEEDS = 1 << 31
"""What every server takes: llama.cpp has 32 bits, and gives the highest number a meaning of its own."""


class OpenAIUpstream(Upstream):
    """Asks a chat completions server.

    Args:
        options: Its settings.
        key: Goes to the server as a bearer token; "" for none.
        seed: Of the episode, for servers that are to sample by it.
    """

    def __init__(self, options: OpenAIOptions, key: str = "", seed: int | None = None) -> None:
        self.model = options.model
        self.secrets = (key,) if key else ()
        self._options = options
        self._seed: dict[str, Any] = {} if seed is None or not options.seeded else {"seed": seed % _SEEDS}
        self.endpoint = self._url = options.base_url.rstrip("/")
        timeout = httpx.Timeout(
            None, connect=options.connect_timeout_s, read=options.read_timeout_s, write=options.write_timeout_s
        )
        headers = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}
        self._remote = Remote(headers, timeout)
        self._known_kind: str | None = None

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        """See `Upstream.make`; the key is the session's, else read from the environment, here and nowhere else.

        Raises:
            ConfigError: The variable that was named holds no key, or the base URL is no plain HTTP URL.
        """
        read = OpenAIOptions.read(options)
        check_url("openai", read.base_url)
        if key := checked_key("openai", task.keys.api_key, "api_key"):
            return cls(read, key, task.seed)
        variable = read.api_key_env or _KEY
        key = checked_key("openai", os.environ.get(variable), variable)
        if read.api_key_env and not key:
            raise ConfigError(f"model openai: set {variable} in the environment of this process", variable=variable)
        return cls(read, key, task.seed)

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.reply`."""
        try:
            body = chat_request(request, self._options)
            asked = json.dumps({**body, **self._seed, **await self._asking(), **self._options.extra})
            response = await self._remote.send("POST", f"{self._url}/chat/completions", asked.encode(), {})
        except UntranslatableError as error:
            return error_reply(400, str(error))
        except httpx.HTTPError as error:
            return unanswered(error)
        return await self._translated(request, response)

    async def count_tokens(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.count_tokens`; vLLM and SGLang count by the model's own chat template."""
        try:
            if await self._kind() not in _COUNTING:
                return await super().count_tokens(request, headers, query)
            asked = json.dumps(counted(request, self._options) | _template(self._options.extra))
            url = f"{self._url.removesuffix('/v1')}/tokenize"
            response = await self._remote.send("POST", url, asked.encode(), {})
            body = await _whole(response)
        except UntranslatableError as error:
            return error_reply(400, str(error))
        except httpx.HTTPError as error:
            return unanswered(error)
        if response.status_code != 200:
            return refusal(response.status_code, body, response.headers)
        count = json.dumps({"input_tokens": _parsed(body)["count"]})
        return Reply(200, "application/json", once(count.encode()))

    async def aclose(self) -> None:
        """See `Upstream.aclose`."""
        await self._remote.aclose()

    async def _asking(self) -> Mapping[str, Any]:
        """Return what asks this server for tokens."""
        capture = self._options.capture_tokens
        return {} if capture == "never" else asking(await self._kind(), always=capture == "always")

    async def _kind(self) -> str:
        """Return who the server says its models are from: vLLM and SGLang name themselves."""
        if self._known_kind is not None:
            return self._known_kind
        response = await self._remote.send("GET", f"{self._url}/models", None, {})
        kind = _owner(await _whole(response))
        # A server that is not well now may say so later.
        self._known_kind = kind if response.status_code in (200, 404) else None
        return kind

    async def _translated(self, request: Mapping[str, Any], response: httpx.Response) -> Reply:
        version = response.headers.get(self._options.weight_version_header)
        sampled = Sampled(weight_version=version)
        answer = Answer(request, Samples(sampled, required=self._options.capture_tokens == "always"))
        if response.status_code == 200 and response.headers.get("content-type", "").startswith(_EVENT_STREAM):
            return Reply(200, _CONTENT_TYPE, _events(response, answer), sampled=sampled, aclose=response.aclose)
        body = await _whole(response)
        if response.status_code != 200:
            return refusal(response.status_code, body, response.headers)
        message = whole_message(_parsed(body), answer)
        if answer.failed:
            return error_reply(answer.status, message["error"]["message"])
        reply = message_reply(request, message)
        return replace(reply, sampled=sampled)


async def _events(response: httpx.Response, answer: Answer) -> AsyncIterator[bytes]:
    reader = DataReader()
    try:
        async for chunk in response.aiter_raw():
            for data in reader.feed(chunk):
                if data == _DONE:
                    yield _encoded(answer.end())
                    return
                yield _encoded(answer.feed(_parsed(data)))
                if answer.failed:
                    return
    except httpx.HTTPError as error:
        raise _broken(error) from error
    yield _encoded(answer.end())


def _owner(models: bytes) -> str:
    try:
        return str(json.loads(models)["data"][0]["owned_by"])
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        return ""


def _template(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the chat template is told beside the conversation."""
    return {name: extra[name] for name in ("chat_template", "chat_template_kwargs") if name in extra}


async def _whole(response: httpx.Response) -> bytes:
    try:
        return await response.aread()
    except httpx.HTTPError as error:
        raise _broken(error) from error
    finally:
        await response.aclose()


def _broken(error: httpx.HTTPError) -> GatewayError:
    return GatewayError(f"the model's API broke off its answer ({type(error).__name__})")


def _encoded(events: list[Event]) -> bytes:
    return b"".join(encode_event(event) for event in events)


def _parsed(data: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        GatewayError: It is none.
    """
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise GatewayError("the model's server sent what is not JSON") from error
    if not isinstance(value, dict):
        raise GatewayError("the model's server sent what is no chat completion")
    return cast("dict[str, Any]", value)
