"""A request's prompt as tokens, and how it goes on from an earlier answer's.

What was sampled is never tokenised again where that can be helped, so that the tokens of a conversation are one row for
training. **The rule**: a request goes on from an earlier answer of its episode where

1. the chat template renders the earlier request, without what opens an answer, to the tokens with which the new
   request's rendering begins;
2. the next turn is that answer, as the client was given it;
3. its rendering ends with the token with which sampling ended (any token that ends a turn, where the answer was cut
   off at `max_tokens`), and shows its thought, if it had one: some templates drop thoughts of the past.

The prompt is then the earlier prompt, the sampled tokens as they are, and what the template renders after the answer.
Else, and after a stop sequence, it is the template's rendering of the whole. The record shows which: the prompt of a
call that goes on begins with the tokens of the other call, prompt and answer.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from claudebox_rl.gateway.upstreams.openai.blocks import UntranslatableError
from claudebox_rl.gateway.upstreams.transformers.chat import THOUGHT, Chat, Turn
from claudebox_rl.gateway.upstreams.transformers.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is given."""

    ids: tuple[int, ...]
    opening: str
    """The beginning of the answer that the template wrote."""
    num_turns: int
    history: tuple[int, bytes]
    """Length and digest of the rendering without what opens the answer."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """An answer that a later request may go on from."""

    prompt: Prompt
    turn: Turn
    ids: tuple[int, ...]
    """Prompt and answer."""
    end_id: int | None
    """The token that ended the turn; None: it was cut off."""


class Conversations:
    """The answers of one episode, by which its requests go on.

    Args:
        checkpoint: Whose template and tokens they are.
        template_options: Variables for the chat template, such as `enable_thinking`.
    """

    def __init__(self, checkpoint: Checkpoint, template_options: dict[str, Any]) -> None:
        self._checkpoint, self._options = checkpoint, template_options
        self._answered: list[_Answered] = []

    def prompt(self, chat: Chat) -> Prompt:
        """Render a conversation; takes milliseconds, and may be called from any thread.

        Raises:
            UntranslatableError: The chat template refuses it.
        """
        with self._checkpoint.rendering:
            return self._prompt(chat)

    def _prompt(self, chat: Chat) -> Prompt:
        whole, history = self._render(chat, opened=True), self._render(chat, opened=False)
        shared = len(history) if whole[: len(history)] == history else 0
        opening = self._checkpoint.tokenizer.decode(whole[shared:])
        ids = self._continue(chat, whole)
        return Prompt(tuple(ids or whole), opening, len(chat.turns), (len(history), _digest(history)))

    def add(self, prompt: Prompt, turn: Turn, completion: Sequence[int]) -> None:
        """Remember an answer.

        Args:
            prompt: What it answers.
            turn: The answer, as the client's next request will state it.
            completion: Its tokens; one that ends a turn is the last, or there is none.
        """
        ended = bool(completion) and completion[-1] in self._checkpoint.end_ids
        end_id = completion[-1] if ended else None
        self._answered.append(_Answered(prompt, turn, (*prompt.ids, *completion), end_id))

    def _render(self, chat: Chat, *, opened: bool) -> list[int]:
        try:
            return self._checkpoint.tokenizer.apply_chat_template(
                chat.turns,
                tools=chat.tools,
                add_generation_prompt=opened,
                return_dict=False,
                sanitize_control_tokens=True,  # what tools print must not end a turn or begin one
                **self._options,
            )
        except Exception as error:
            # Templates raise errors of Jinja, of Python, and of their own.
            raise UntranslatableError(f"the model's chat template refuses this conversation: {error}") from error

    def _continue(self, chat: Chat, whole: list[int]) -> list[int] | None:
        for answered in sorted(self._answered, key=lambda each: each.prompt.num_turns, reverse=True):
            if (end := self._end_of(answered, chat, whole)) is not None:
                return [*answered.ids, *whole[end + (answered.end_id is not None) :]]
        return None

    def _end_of(self, answered: _Answered, chat: Chat, whole: list[int]) -> int | None:
        """Return where the rendering of `answered` ends in `whole`; None where the rule does not hold."""
        length, digest = answered.prompt.history
        place = answered.prompt.num_turns
        if chat.turns[place : place + 1] != [answered.turn] or _digest(whole[:length]) != digest:
            return None
        ends = self._checkpoint.end_ids if answered.end_id is None else {answered.end_id}
        turn_ends = (at for at in range(length, len(whole)) if whole[at] in self._checkpoint.end_ids)
        end = next(turn_ends, None)
        if end is None or whole[end] not in ends:
            return None
        thought = answered.turn.get(THOUGHT, "").strip()
        return end if thought in self._checkpoint.tokenizer.decode(whole[length:end]) else None


def _digest(ids: Sequence[int]) -> bytes:
    return hashlib.sha256(array("q", ids).tobytes()).digest()
