"""What an episode may use of its model, held while it is at work.

A call's cost is known when it has ended. So each call reserves the most that it can use, and a call starts only while
what was used and what is reserved leave something: whatever the calls in flight come to, the budget is passed by at
most one call. Where only the reservations stand in the way, a call waits for those in flight.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from typing import Any

from claudebox_rl.config import BudgetConfig
from claudebox_rl.errors import BudgetExceededError
from claudebox_rl.types import ModelCall, Usage

Price = Callable[[str, Usage], float | None]
"""Dollars of a model's tokens; None where the price is unknown."""
_COUNTED = ("model_calls", "input_tokens", "output_tokens", "cost_usd")
_OWN_PROMPT_TOKENS = 1000
"""More than the API adds to a request of its own, for tools."""
Amounts = dict[str, float]


class Account:
    """The budget of one episode and what is left of it.

    Args:
        budget: The limits.
        price: For reservations of dollars.

    Attributes:
        exhausted: The limit for which a call was refused or cut, by its name in `BudgetConfig`; None so far.
    """

    def __init__(self, budget: BudgetConfig, price: Price) -> None:
        self._budget, self._price = replace(budget), price
        self.exhausted: str | None = None
        self._limits: Amounts = {name: limit for name in _COUNTED if (limit := getattr(self._budget, name)) is not None}
        self._used: Amounts = dict.fromkeys(_COUNTED, 0.0)
        self._in_flight: dict[Ticket, Amounts] = {}
        self._turnstile = asyncio.Lock()
        self._settled = asyncio.Event()
        self._deadline = None if self._budget.wall_s is None else time.monotonic() + self._budget.wall_s

    @property
    def left_s(self) -> float | None:
        """Wall time that is left, at least 0; None where it has no limit."""
        return None if self._deadline is None else max(self._deadline - time.monotonic(), 0.0)

    def ticket(self, request: Mapping[str, Any]) -> Ticket:
        """Prepare a call; nothing is reserved yet."""
        return Ticket(self, request)

    def exceed(self, name: str) -> BudgetExceededError:
        """Note that a limit stops the episode, and return the error that says so."""
        self.exhausted = self.exhausted or name
        limit = getattr(self._budget, name)
        return BudgetExceededError(f"the episode's budget is used up: {name}={limit:g}", budget=name)

    async def enter(self, ticket: Ticket, request: Mapping[str, Any]) -> None:
        """Reserve what a call may use; waits where calls in flight have reserved what is left.

        Raises:
            BudgetExceededError: A limit was reached, or dollars are limited and nobody knows the model's price.
        """
        if self.left_s == 0:
            raise self.exceed("wall_s")
        self._check_price(request)
        async with self._turnstile:
            while self._must_wait():
                self._settled.clear()
                await self._settled.wait()
            self._in_flight[ticket] = self._most(request)

    def leave(self, ticket: Ticket, call: ModelCall) -> None:
        """Count what a call used, and give back what it had reserved. One that no model answered costs nothing."""
        reserved = self._in_flight.pop(ticket, None)
        if reserved is None:
            return
        if call.status == 200:
            self._used["model_calls"] += 1
        self._used["input_tokens"] += call.usage.input_tokens
        self._used["output_tokens"] += call.usage.output_tokens
        # An answer at a rate that nobody knows is taken for the dearest.
        is_unpriced = call.status == 200 and call.response is not None and call.cost_usd is None
        self._used["cost_usd"] += reserved.get("cost_usd", 0.0) if is_unpriced else call.cost_usd or 0.0
        self._settled.set()

    def _check_price(self, request: Mapping[str, Any]) -> None:
        model = str(request.get("model", ""))
        if "cost_usd" in self._limits and self._price(model, Usage(1, 1)) is None:
            raise BudgetExceededError(f"budget.cost_usd can't be held: the price of model {model!r} is not known")

    def _must_wait(self) -> bool:
        for name, limit in self._limits.items():
            if self._used[name] >= limit:
                raise self.exceed(name)
        most = self._budget.concurrent_calls
        if most is not None and len(self._in_flight) >= most:
            return True
        return bool(self._in_flight) and any(
            self._used[name] + sum(reserved[name] for reserved in self._in_flight.values()) >= limit
            for name, limit in self._limits.items()
        )

    def _most(self, request: Mapping[str, Any]) -> Amounts:
        """Return the most that a call can use: a token is at least a byte, and a request bounds its answer."""
        if not self._limits.keys() - {"model_calls"}:
            return {"model_calls": 1}
        size = len(json.dumps(request)) + _OWN_PROMPT_TOKENS
        told = request.get("max_tokens")
        output = float(told) if isinstance(told, int) and told >= 0 else float("inf")
        most = {"model_calls": 1.0, "input_tokens": float(size), "output_tokens": output, "cost_usd": float("inf")}
        if "cost_usd" in self._limits and output != float("inf"):
            price = self._price(str(request.get("model", "")), Usage(size, int(output)))
            most["cost_usd"] = float("inf") if price is None else price
        return most


class Ticket:
    """One call's part of the budget. Made by `Account.ticket`."""

    def __init__(self, account: Account, request: Mapping[str, Any]) -> None:
        self._account, self._request = account, request

    @contextlib.asynccontextmanager
    async def admitted(self) -> AsyncGenerator[None]:
        """Wait until the call may start, and bound what is done inside by the episode's wall time.

        Raises:
            BudgetExceededError: A limit was reached, before the call or in the middle of it.
        """
        limit = asyncio.timeout(self._account.left_s)
        try:
            async with limit:
                await self._account.enter(self, self._request)
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise self._account.exceed("wall_s") from None

    def settle(self, call: ModelCall) -> None:
        """Count the call, which has ended. Idempotent."""
        self._account.leave(self, call)
