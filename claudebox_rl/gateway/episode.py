"""One episode's door to its model: a path, a secret, and the record of every call."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from claudebox_rl.config import BudgetConfig
from claudebox_rl.gateway.budget import Account, Ticket
from claudebox_rl.gateway.call import Call, ModelCallInFlight
from claudebox_rl.gateway.capture.caller import Caller
from claudebox_rl.gateway.capture.lineage import Lineage
from claudebox_rl.gateway.capture.prices import Prices
from claudebox_rl.gateway.capture.record import CallRecord
from claudebox_rl.gateway.lane import Lane
from claudebox_rl.gateway.redaction import Redactor
from claudebox_rl.gateway.upstream import Upstream
from claudebox_rl.types import ModelCall

_log = logging.getLogger(__name__)


class GatewayEpisode:
    """Made by `Gateway.open_episode`; closed by whoever opened it.

    Attributes:
        episode_id: The episode.
        path: Where the agent's base URL goes on after host and port: `/e/<episode_id>`.
        secret: The agent's API key, good for this path and this episode only.
        upstream: What answers; closed with the episode.
        lane: The way to the upstream's server.
        calls: Every finished call, in the order in which they ended.
        redactor: Takes this episode's secrets out of a text.
    """

    def __init__(
        self,
        episode_id: str,
        upstream: Upstream,
        on_close: Callable[[GatewayEpisode], None],
        named_secrets: Mapping[str, str] | None = None,
        *,
        lane: Lane,
        budget: BudgetConfig,
        prices: Prices,
    ) -> None:
        self.episode_id, self.upstream, self.lane = episode_id, upstream, lane
        self.path = f"/e/{episode_id}"
        self.secret = secrets.token_urlsafe(32)
        self.calls: list[ModelCall] = []
        self.redactor = Redactor((self.secret, *upstream.secrets), named_secrets)
        self._on_close = on_close
        self._account = Account(budget, prices.most_usd)
        self._lineage, self._prices = Lineage(), prices
        self._taken = 0
        self._open: dict[asyncio.Task[bool], Call] = {}
        self._closed = False

    @property
    def exhausted(self) -> str | None:
        """The limit of the budget that stopped a call, by its name in `BudgetConfig`; None so far."""
        return self._account.exhausted

    @property
    def left_s(self) -> float | None:
        """What is left of the budget's wall time, in seconds; None where that has no limit."""
        return self._account.left_s

    def expire(self) -> None:
        """Note that the budget's wall time is over, as somebody saw who holds the agent to it."""
        self._account.exceed("wall_s")

    def take_calls(self) -> tuple[ModelCall, ...]:
        """Return the calls that ended since the last take."""
        fresh = tuple(self.calls[self._taken :])
        self._taken = len(self.calls)
        return fresh

    def close(self) -> None:
        """Make path and secret void at once, end the calls in flight and record them, and close the upstream.

        Idempotent. The upstream's connections are released soon after, at the latest by `Gateway.stop`.
        """
        if self._closed:
            return
        self._closed = True
        for answering, call in self._open.items():
            call.finish()
            answering.cancel()
        self._on_close(self)

    def admits(self, credential: str) -> bool:
        """Tell whether a credential is this episode's secret, in time that does not depend on where they differ."""
        return hmac.compare_digest(credential.encode(), self.secret.encode()) and not self._closed

    def begin_call(self, request: dict[str, Any], headers: Mapping[str, str]) -> Call:
        """Start the account of a call; `request` has no secrets in it."""
        ticket = self._account.ticket(request)
        caller, sink = Caller.of(headers), partial(self._add, ticket)
        record = CallRecord(self.episode_id, request, caller, self._lineage, self.redactor, self._prices, sink)
        return ModelCallInFlight(record, ticket)

    def watch(self, answering: asyncio.Task[bool], call: Call) -> None:
        """Keep hold of a call in flight, so that `close` can end it."""
        self._open[answering] = call
        answering.add_done_callback(self._open.pop)

    @property
    def in_flight(self) -> tuple[asyncio.Task[bool], ...]:
        """The calls that are being answered."""
        return tuple(self._open)

    def _add(self, ticket: Ticket, call: ModelCall) -> None:
        ticket.settle(call)
        self.calls.append(call)
        _log.debug("episode %s: call %s ended with status %d", self.episode_id, call.call_id, call.status)
