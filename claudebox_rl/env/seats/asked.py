"""The seats in which the agent works on one prompt, and asks the policy as it goes."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Any, Generic, TypeVar

from claudebox_rl._waiting import Waiting, WaitingLine
from claudebox_rl.env.seats.seat import LIMITS, Acted, Seat, raise_failure
from claudebox_rl.errors import GatewayError
from claudebox_rl.session.box import ClaudeBox
from claudebox_rl.types import CodeResult

Question = TypeVar("Question")
Answer = TypeVar("Answer")
_LAST_WORDS_S = 5.0


class AskedSeat(Seat, Generic[Question, Answer]):
    """Base: answers the question that has waited longest, then waits for the next one, or for the prompt's end.

    The prompt's time limit goes on while the policy thinks.
    """

    _prompt: asyncio.Task[CodeResult] | None = None
    _asked: Waiting[Question, Answer] | None = None

    @property
    @abstractmethod
    def line(self) -> WaitingLine[Question, Answer]:
        """The questions that wait."""

    @abstractmethod
    def answer(self, action: Any) -> Answer:
        """Return what an action answers."""

    @property
    def question(self) -> Question | None:
        """What the policy is asked now; None where the prompt has come to its end."""
        return self._asked.question if self._asked else None

    async def begin(self, box: ClaudeBox) -> None:
        """Send the agent its prompt."""
        await super().begin(box)
        self._prompt = asyncio.create_task(box.code(self.start.prompt or self.start.task.instruction, max_turns=None))
        result = await self._until_asked()
        if result is not None:
            raise_failure(result, box.take_model_calls())

    async def act(self, action: Any) -> Acted:
        """Answer; without a question the prompt has come to its end already."""
        assert self._prompt is not None
        if self._asked is not None and not self._prompt.done():
            await self._say(self._asked, self.answer(action))
        result = await self._until_asked()
        calls = self.box.take_model_calls()
        if result is None:
            return Acted(model_calls=calls)
        raise_failure(result, calls)
        return Acted(is_final=result.success, is_limited=result.failure in LIMITS, result=result, model_calls=calls)

    async def leave(self) -> CodeResult | None:
        """Have the agent come to the end of its prompt."""
        if self._running.done():
            return None
        await self.box.interrupt()
        await asyncio.wait({self._running}, timeout=_LAST_WORDS_S)
        return self._running.result() if self._running.done() else None

    async def close(self) -> None:
        """Let go of the prompt."""
        if self._prompt is not None:
            self._prompt.cancel()
            await asyncio.gather(self._prompt, return_exceptions=True)

    async def _say(self, asked: Waiting[Question, Answer], answer: Answer) -> None:
        if asked.is_over:
            # The agent may be about to end its prompt, at a limit of time.
            await asyncio.wait({self._running}, timeout=_LAST_WORDS_S)
            if not self._running.done():
                raise GatewayError(
                    "the agent waited no longer for the policy's answer (agent.policy_timeout_s for tool calls)"
                )
        self.line.answer(asked, answer)

    async def _until_asked(self) -> CodeResult | None:
        """Wait for the next question, or return the result of the prompt where that came to its end."""
        asking = asyncio.create_task(self.line.first())
        try:
            await asyncio.wait({asking, self._running}, return_when=asyncio.FIRST_COMPLETED)
            self._asked = None if self._running.done() else asking.result()
            return self._running.result() if self._running.done() else None
        finally:
            asking.cancel()

    @property
    def _running(self) -> asyncio.Task[CodeResult]:
        assert self._prompt is not None
        return self._prompt
