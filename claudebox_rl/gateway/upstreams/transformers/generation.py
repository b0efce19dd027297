"""One answer being sampled: in the checkpoint's thread, told token by token to the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.upstreams.transformers.checkpoint import Checkpoint
from claudebox_rl.gateway.upstreams.transformers.library import torch, transformers
from claudebox_rl.gateway.upstreams.transformers.sampling import Sampler, Sampling, Stopper
from claudebox_rl.gateway.upstreams.transformers.text import Detokenizer, StopScanner

Finish = Literal["end", "stop_sequence", "max_tokens"]


@dataclass(frozen=True, slots=True)
class Token:
    """One sampled token, and the text that is certain with it."""

    token_id: int
    logprob: float
    text: str
    finish: Finish | None = None
    """Why this is the last one."""


class Writer:
    """Follows the tokens of one answer in the sampling thread and finds its end.

    Args:
        checkpoint: Whose tokens they are.
        sampling: The answer's limits.

    Attributes:
        scanner: Knows which stop sequence was met.
    """

    def __init__(self, checkpoint: Checkpoint, sampling: Sampling) -> None:
        self._end_ids, self._max_tokens = checkpoint.end_ids, sampling.max_tokens
        self._detokenizer = Detokenizer(checkpoint.reader)
        self.scanner = StopScanner(sampling.stop_sequences)
        self._count = 0

    def take(self, token_id: int, logprob: float) -> Token:
        """Take the next token. The one that ends a turn has no text."""
        self._count += 1
        finish: Finish | None = "max_tokens" if self._count >= self._max_tokens else None
        if token_id in self._end_ids:
            text, finish = "", "end"
        else:
            text = self.scanner.feed(self._detokenizer.step(token_id))
        if finish is not None and self.scanner.met is None:
            text += self.scanner.feed(self._detokenizer.rest())
        if self.scanner.met is not None:
            finish = "stop_sequence"
        return Token(token_id, logprob, text if finish is None else text + self.scanner.rest(), finish)


class Generation:
    """Samples one answer. Belongs to the event loop that iterates over it.

    Args:
        checkpoint: The model.
        prompt_ids: What it goes on from.
        sampling: How.
    """

    def __init__(self, checkpoint: Checkpoint, prompt_ids: Sequence[int], sampling: Sampling) -> None:
        self._checkpoint, self._prompt_ids, self._sampling = checkpoint, prompt_ids, sampling
        self._writer = Writer(checkpoint, sampling)
        self._cancelled = threading.Event()
        self._told: asyncio.Queue[Token | Exception | None] = asyncio.Queue()

    @property
    def stop_sequence(self) -> str | None:
        """The stop sequence that ended the answer."""
        return self._writer.scanner.met

    def cancel(self) -> None:
        """Give up the place in the queue, or end sampling with the next token. Idempotent."""
        self._cancelled.set()

    async def tokens(self, silence_s: float) -> AsyncIterator[list[Token]]:
        """Start, and yield what was sampled since the last time; an empty list after each `silence_s` without a token.

        Raises:
            GatewayError: The model failed.
        """
        self._loop = asyncio.get_running_loop()
        self._checkpoint.sampling.submit(self._run)
        while True:
            told = await self._next(silence_s)
            tokens = [each for each in told if isinstance(each, Token)]
            if tokens or not told:
                yield tokens
            for each in told:
                if isinstance(each, Exception):
                    raise GatewayError(f"the model failed ({type(each).__name__}: {each})") from each
            if None in told:
                return

    async def _next(self, silence_s: float) -> list[Token | Exception | None]:
        try:
            told = [await asyncio.wait_for(self._told.get(), silence_s)]
        except TimeoutError:
            return []
        while not self._told.empty():
            told.append(self._told.get_nowait())
        return told

    def _run(self) -> None:
        """Sample, in the sampling thread."""
        try:
            if not self._cancelled.is_set():
                self._generate()
        except Exception as error:
            # Whatever the model raises ends this answer and nothing else.
            self._tell(error)
        else:
            self._tell(None)

    def _generate(self) -> None:
        model = self._checkpoint.model
        prompt = torch.tensor([list(self._prompt_ids)], device=model.device)
        sampler = Sampler(self._sampling, self._take)
        with torch.inference_mode():
            model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                generation_config=self._settings(),
                logits_processor=transformers.LogitsProcessorList([sampler]),
                stopping_criteria=transformers.StoppingCriteriaList([Stopper(sampler)]),
            )

    def _settings(self) -> Any:
        """Leave no choice to `generate`: the sampler makes it."""
        ends = sorted(self._checkpoint.end_ids)
        return transformers.GenerationConfig(
            max_new_tokens=self._sampling.max_tokens,
            do_sample=False,
            eos_token_id=ends,
            pad_token_id=ends[0] if ends else 0,
        )

    def _take(self, token_id: int, logprob: float) -> bool:
        if self._cancelled.is_set():
            return False
        token = self._writer.take(token_id, logprob)
        return self._tell(token) and token.finish is None

    def _tell(self, told: Token | Exception | None) -> bool:
        try:
            self._loop.call_soon_threadsafe(self._told.put_nowait, told)
        except RuntimeError:  # the loop is closed: nobody listens
            return False
        return True
