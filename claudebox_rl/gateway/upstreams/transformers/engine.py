"""One episode's way through a checkpoint: from a request to the reply that samples its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from claudebox_rl.gateway.upstream import Reply, Sampled
from claudebox_rl.gateway.upstreams.openai.blocks import UntranslatableError
from claudebox_rl.gateway.upstreams.transformers.answer import Answer
from claudebox_rl.gateway.upstreams.transformers.chat import Chat, assistant_turn, read_chat
from claudebox_rl.gateway.upstreams.transformers.checkpoint import Checkpoint, Source, load
from claudebox_rl.gateway.upstreams.transformers.generation import Generation
from claudebox_rl.gateway.upstreams.transformers.options import TransformersOptions
from claudebox_rl.gateway.upstreams.transformers.parsing import find_parser
from claudebox_rl.gateway.upstreams.transformers.prompt import Conversations, Prompt
from claudebox_rl.gateway.upstreams.transformers.sampling import Sampling, seed_of


class Engine:
    """Made by `open_engine`.

    Args:
        options: The episode's settings.
        checkpoint: The model; shared with other episodes.
    """

    def __init__(self, options: TransformersOptions, checkpoint: Checkpoint) -> None:
        self._options, self._checkpoint = options, checkpoint
        self._conversations = Conversations(checkpoint, dict(options.chat_template_kwargs or {}))
        self._parser = find_parser(options.parser)

    async def count(self, request: dict[str, Any]) -> int:
        """Count the tokens of the prompt that `request` would be given.

        Raises:
            UntranslatableError: The model or its template can't take the request.
        """
        return len((await self._prompt(read_chat(request, keep_system=self._options.system_entries == "system"))).ids)

    async def reply(self, request: dict[str, Any]) -> Reply:
        """Prepare the answer; sampling begins when its body is read, and ends when it is let go.

        Raises:
            UntranslatableError: The model or its template can't take the request.
        """
        chat = read_chat(request, keep_system=self._options.system_entries == "system")
        prompt = await self._prompt(chat)
        sampling = self._sampling(request, prompt.ids)
        sampled = Sampled(prompt.ids, (), (), self._options.weight_version or self._checkpoint.weight_version)
        generation = Generation(self._checkpoint, prompt.ids, sampling)
        answer = Answer(
            generation,
            self._parser(self._checkpoint.reader, prompt.opening, chat.tools),
            sampled,
            model=str(request.get("model", "")),
            seed=sampling.seed,
            on_end=lambda content, ids: self._conversations.add(prompt, assistant_turn(content), ids),
        )

        async def cancel() -> None:
            generation.cancel()

        if request.get("stream") is True:
            return Reply(200, "text/event-stream; charset=utf-8", answer.streamed(), sampled=sampled, aclose=cancel)
        return Reply(200, "application/json", answer.whole(), sampled=sampled, aclose=cancel)

    async def _prompt(self, chat: Chat) -> Prompt:
        return await asyncio.to_thread(self._conversations.prompt, chat)

    def _sampling(self, request: Mapping[str, Any], prompt_ids: Sequence[int]) -> Sampling:
        given = self._options
        return Sampling(
            max_tokens=self._room(request, len(prompt_ids)),
            temperature=_first(given.temperature, _number(request, "temperature"), 1.0),
            top_k=_first(given.top_k, _number(request, "top_k")),
            top_p=_first(given.top_p, _number(request, "top_p")),
            stop_sequences=tuple(str(each) for each in request.get("stop_sequences") or ()),
            seed=seed_of(given.seed, prompt_ids),
        )

    def _room(self, request: Mapping[str, Any], num_prompt: int) -> int:
        """Return how many tokens the answer may have.

        Raises:
            UntranslatableError: None; the API's own words, by which clients know that they must compact.
        """
        wanted = _number(request, "max_tokens")
        longest = self._options.max_new_tokens if wanted is None else min(int(wanted), self._options.max_new_tokens)
        if longest < 1:
            raise UntranslatableError("max_tokens: must be 1 or more")
        context = self._checkpoint.context_tokens
        if context is None:
            return longest
        if num_prompt >= context:
            raise UntranslatableError(f"prompt is too long: {num_prompt} tokens > {context - 1} maximum")
        return min(longest, context - num_prompt)


async def open_engine(options: TransformersOptions) -> Engine:
    """Make the engine, and load the model unless this process has it.

    Raises:
        GatewayError: The model can't be loaded.
        ConfigError: No such parser.
    """
    source = Source(options.model, options.revision, options.device, options.dtype)
    # Others may be waiting for the same model, so giving up here does not end the loading.
    return Engine(options, await asyncio.shield(asyncio.wrap_future(load(source))))


def _number(request: Mapping[str, Any], name: str) -> Any:
    value = request.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise UntranslatableError(f"{name}: must be a number, 0 or more")
    return value


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
