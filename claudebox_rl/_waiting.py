"""Questions that wait, in the order in which they came, until somebody answers them."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Waiting(Generic[Question, Answer]):
    """One question."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for an answer any more: there was one, or whoever asked has given up."""
        return self.answered.done()


class WaitingLine(Generic[Question, Answer]):
    """A line of questions, on one event loop. Those whose asker gave up have left it."""

    def __init__(self) -> None:
        self._line: list[Waiting[Question, Answer]] = []
        self._is_there = asyncio.Event()

    def __len__(self) -> int:
        return len(self._line)

    async def ask(self, question: Question) -> Answer:
        """Wait for the answer. Cancel to give up."""
        waiting: Waiting[Question, Answer] = Waiting(question)
        self._line.append(waiting)
        self._is_there.set()
        try:
            return await waiting.answered
        finally:
            self._leave(waiting)

    async def first(self) -> Waiting[Question, Answer]:
        """Return the question that has waited longest, as soon as there is one; it stays in the line."""
        await self._is_there.wait()
        return self._line[0]

    def answer(self, waiting: Waiting[Question, Answer], answer: Answer) -> None:
        """Answer a question, which then leaves the line; one that is over stays so."""
        if not waiting.is_over:
            waiting.answered.set_result(answer)
        self._leave(waiting)

    def close(self, error: Exception) -> None:
        """End all that wait, with an error."""
        for waiting in list(self._line):
            if not waiting.is_over:
                waiting.answered.set_exception(error)
            self._leave(waiting)

    def _leave(self, waiting: Waiting[Question, Answer]) -> None:
        if waiting in self._line:
            self._line.remove(waiting)
        if not self._line:
            self._is_there.clear()
