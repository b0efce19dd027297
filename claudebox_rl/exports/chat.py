"""Conversations of stored episodes as chat messages, in the form of chat templates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.gateway.upstreams.openai.blocks import UntranslatableError
from claudebox_rl.gateway.upstreams.openai.conversation import chat_messages
from claudebox_rl.gateway.upstreams.openai.tools import tool_fields
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.trajectory.training import MessageRow, training_rows
from claudebox_rl.types import Relation

Message = dict[str, Any]
_END = {"role": "user", "content": "."}


@dataclass(frozen=True, slots=True)
class Lesson:
    """A part of a conversation: what a model read, and what is learned."""

    prompt: list[Message]
    completion: list[Message]
    """Begins and ends with an answer of the model; results of tools and prompts of the user may stand between."""
    tools: list[dict[str, Any]]


class UnfitError(TrajectoryError):
    """A row has no such form; the message is short, since rows are counted by it."""


def lessons(row: MessageRow) -> Iterator[Lesson]:
    """Yield what of a row is learned, in as few lessons as hold no answer that is not.

    Raises:
        UnfitError: A chat can't hold the conversation, or it has images or files.
    """
    chat, tools = _translated(row, row.messages), _tools(row)
    for start, stop in _runs(row):
        prompt = _translated(row, row.messages[:start])
        upto = _translated(row, row.messages[:stop])
        if not prompt or chat[: len(upto)] != upto or upto[: len(prompt)] != prompt:
            raise UnfitError("with answers that stand together")
        yield Lesson(prompt, upto[len(prompt) :], tools)


def main_lesson(record: EpisodeRecord) -> Lesson:
    """Return the main agent's whole conversation as one lesson.

    Raises:
        UnfitError: There is none, or it is not in one piece: it was compacted, cleared or branched off.
    """
    rows = [row for row in training_rows(record) if row.agent_path == "main" and row.trained_call_ids]
    if not rows:
        raise UnfitError("without an answer of a model")
    longest = max(rows, key=lambda row: len(row.trained_call_ids))
    later = [row.relation for row in rows if row is not longest]
    if longest.relation not in (None, Relation.ROOT) or any(each in _BROKEN for each in later):
        raise UnfitError("with a conversation in several pieces")
    parts = list(lessons(longest))
    if len(parts) != 1:
        raise UnfitError("with a conversation in several pieces")
    return parts[0]


_BROKEN = (Relation.COMPACTION, Relation.CLEAR, Relation.CONTINUES)


def as_json(messages: list[Message]) -> list[str]:
    """Return each message as JSON text."""
    return [json.dumps(message, ensure_ascii=False) for message in messages]


def _runs(row: MessageRow) -> Iterator[tuple[int, int]]:
    """Yield from where to where messages are to be learned; an answer that is not ends a run."""
    start: int | None = None
    last = 0
    for index, (message, is_learned) in enumerate(zip(row.messages, row.loss_mask, strict=True)):
        if is_learned:
            start = index if start is None else start
            last = index
        elif message.get("role") == "assistant" and start is not None:
            yield start, last + 1
            start = None
    if start is not None:
        yield start, last + 1


def _translated(row: MessageRow, messages: list[Message]) -> list[Message]:
    # The gateway translates what a model is asked, so the last word is a user's.
    request = {"system": row.system, "messages": [*messages, _END]}
    is_answered = bool(messages) and messages[-1].get("role") == "assistant"
    try:
        whole = chat_messages(request if is_answered else {**request, "messages": messages}, keep_system=False)
    except UntranslatableError as error:
        raise UnfitError("with what a chat can't hold") from error
    chat = whole[:-1] if is_answered else whole
    if any(not isinstance(message["content"], str) for message in chat):
        raise UnfitError("with images or files")
    return [_templated(message) for message in chat]


def _templated(message: Message) -> Message:
    """Return a message as chat templates take it: arguments of tools are objects, thoughts are `reasoning_content`."""
    if "reasoning" in message:
        message = {**message, "reasoning_content": message["reasoning"]}
        del message["reasoning"]
    if "tool_calls" not in message:
        return message
    calls = [
        {**call, "function": {**call["function"], "arguments": json.loads(call["function"]["arguments"])}}
        for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}


def _tools(row: MessageRow) -> list[dict[str, Any]]:
    try:
        return tool_fields({"tools": row.tools, "messages": row.messages}).get("tools", [])
    except UntranslatableError as error:
        raise UnfitError("with tools that a chat can't hold") from error
