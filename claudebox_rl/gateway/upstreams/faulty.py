"""A bad line to another upstream: late, refused, dropped, cut off, garbled, silent answers, at set rates and seeds.

Which call meets which fault follows from the seed, the episode's id and how many calls the episode made before.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from claudebox_rl.errors import ConfigError, GatewayError
from claudebox_rl.gateway import make_upstream
from claudebox_rl.gateway.api_errors import error_reply
from claudebox_rl.gateway.options import read_options
from claudebox_rl.gateway.upstream import Reply, Sampled, TaskFiles, Upstream, once
from claudebox_rl.gateway.upstreams._faults import Draw, Rates, read_rates

_GARBAGE = b"\x00\xff<!doctype html><title>502</title>\r\n\r\ndata: {not json\n\n"
_EVENT_STREAM = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True)
class FaultyOptions:
    """Settings of `faulty`."""

    upstream: str = "oracle"
    """What answers the calls that get through."""
    options: Any = None
    """Its settings, by name."""
    rates: Any = 0.2
    """A probability for each fault by name (see `FAULTS`), or one for all of them together, which share it evenly."""
    delay_s: Any = (0.1, 2.0)
    """Shortest and longest delay."""
    seed: int = 0
    ledger: str | None = None
    """File to which one line of JSON is added for each call: `{"episode_id", "call_index", "stream", "fault"}`."""
    endpoint: str | None = None
    """Name of a server that it plays: the gateway tries failed calls to it again and counts them against it, as with a
    real one. None: a server of its own where the wrapped upstream has one; else faults go to the agent as they are."""
    model: str | None = None
    """Id that the agent asks for; None: the wrapped upstream's."""


class FaultyUpstream(Upstream):
    """Stands before another upstream and breaks some of its answers.

    Args:
        upstream: What is wrapped; closed with this one.
        rates: How often each fault is met.
        seed: Any integer, 0 or more.
        episode_id: Part of the seed.
        ledger: File that takes a line for each call.
        endpoint: Name of a server that it plays.

    Attributes:
        counts: How many calls met each fault so far, and how many met none (`none`).
    """

    def __init__(
        self,
        upstream: Upstream,
        rates: Rates,
        *,
        seed: int = 0,
        episode_id: str = "",
        ledger: Path | None = None,
        endpoint: str | None = None,
    ) -> None:
        self.model, self.secrets = upstream.model, upstream.secrets
        # Made up, its faults must not be held against the real server.
        self.endpoint = endpoint or (upstream.endpoint and f"{upstream.endpoint}#faulty")
        self.counts: Counter[str] = Counter()
        self._upstream, self._rates = upstream, rates
        self._seed, self._episode_id, self._ledger = seed, episode_id, ledger

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        """See `Upstream.make`.

        Raises:
            ConfigError: A rate or the range is none, or the wrapped upstream can't be made.
        """
        read = read_options(FaultyOptions, "faulty", options)
        inner: Any = read.options or {}
        if not isinstance(inner, Mapping):
            raise ConfigError(f"model faulty: option options must be a mapping, not {inner!r}")
        try:
            rates = read_rates(read.rates, read.delay_s)
        except ValueError as error:
            raise ConfigError(f"model faulty: {error}") from error
        wrapped = make_upstream(read.upstream, {**inner, **({"model": read.model} if read.model else {})}, task)
        ledger = Path(read.ledger) if read.ledger else None
        return cls(wrapped, rates, seed=read.seed, episode_id=task.episode_id, ledger=ledger, endpoint=read.endpoint)

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.reply`."""
        draw = self._draw(request)
        match draw.fault:
            case "429" | "500" | "529":
                return error_reply(int(draw.fault), "a fault of model=faulty")
            case "drop":
                return Reply(0, "", once(b""))
            case "garbage":
                return Reply(200, _EVENT_STREAM, once(_GARBAGE))
            case "hang":
                await asyncio.Event().wait()
            case "delay":
                await asyncio.sleep(draw.delay_s)
            case _:
                pass
        reply = await self._upstream.reply(request, headers, query)
        if draw.fault in ("cut", "stall") and reply.status:
            # What was sampled belongs to an answer that nobody gets.
            return replace(reply, body=_broken(reply.body, draw), sampled=Sampled())
        return reply

    async def count_tokens(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.count_tokens`; counts are left alone."""
        return await self._upstream.count_tokens(request, headers, query)

    def follow(self, parent: Upstream) -> None:
        """See `Upstream.follow`."""
        assert isinstance(parent, FaultyUpstream)
        self.counts = parent.counts.copy()
        self._upstream.follow(parent._upstream)

    async def aclose(self) -> None:
        """See `Upstream.aclose`."""
        await self._upstream.aclose()

    def _draw(self, request: Mapping[str, Any]) -> Draw:
        index = self.counts.total()
        draw = self._rates.draw(self._seed, self._episode_id, index)
        self.counts[draw.fault or "none"] += 1
        if self._ledger is not None:
            is_stream = request.get("stream") is True
            entry = {"episode_id": self._episode_id, "call_index": index, "stream": is_stream, "fault": draw.fault}
            with self._ledger.open("a") as file:
                file.write(json.dumps(entry) + "\n")
        return draw


async def _broken(body: AsyncIterator[bytes], draw: Draw) -> AsyncIterator[bytes]:
    """Give the beginning of a body, of whose length it takes a part, and never its last byte."""
    whole = b"".join([chunk async for chunk in body])
    yield whole[: int(len(whole) * draw.fraction)]
    if draw.fault == "stall":
        await asyncio.Event().wait()
    raise GatewayError("cut off by a fault of model=faulty")
