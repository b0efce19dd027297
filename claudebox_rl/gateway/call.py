"""One request of an agent while it is answered, as the gateway accounts for it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext

from claudebox_rl.gateway.budget import Ticket
from claudebox_rl.gateway.capture.record import CallRecord
from claudebox_rl.gateway.upstream import Sampled


class Call:
    """A request that costs nothing and is not recorded: `count_tokens`."""

    def admitted(self) -> AbstractAsyncContextManager[None]:
        """Wait until it may start; what is done inside is bounded by the episode's budget.

        Raises:
            BudgetExceededError: A limit was reached.
        """
        return nullcontext()

    def dequeue(self) -> None:
        """Note that its turn has come."""

    def begin(self, status: int, sampled: Sampled) -> None:
        """Note the status that the agent gets, and where the upstream writes what else it knows of the answer."""

    def feed(self, chunk: bytes) -> None:
        """Take a piece of a streamed answer, before it is sent."""

    def whole(self, body: bytes) -> None:
        """Take an answer that is not streamed, before it is sent."""

    def finish(self) -> None:
        """Note its end, however it came. Idempotent."""


class ModelCallInFlight(Call):
    """A call of the model.

    Args:
        record: Hands the call over when it ends.
        ticket: Its part of the budget, settled where the record is handed over.
    """

    def __init__(self, record: CallRecord, ticket: Ticket) -> None:
        self._record, self._ticket = record, ticket

    def admitted(self) -> AbstractAsyncContextManager[None]:
        """See `Call.admitted`."""
        return self._ticket.admitted()

    def dequeue(self) -> None:
        """See `Call.dequeue`."""
        self._record.dequeue()

    def begin(self, status: int, sampled: Sampled) -> None:
        """See `Call.begin`."""
        self._record.begin(status, sampled)

    def feed(self, chunk: bytes) -> None:
        """See `Call.feed`."""
        self._record.feed(chunk)

    def whole(self, body: bytes) -> None:
        """See `Call.whole`."""
        self._record.whole(body)

    def finish(self) -> None:
        """See `Call.finish`."""
        self._record.finish()
