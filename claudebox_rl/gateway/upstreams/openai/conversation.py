"""The messages of a conversation, as chat messages.

A chat has one message where the Messages API may have several in a row, and calls and results of tools stand beside its
texts and not among them, so each run of messages of one side becomes one assistant message, or the tool messages and
the user message that answer it. A conversation that grows thereby grows at its end only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from claudebox_rl.gateway.upstreams.openai.blocks import (
    Block,
    Part,
    UntranslatableError,
    blocks,
    field,
    joined,
    part,
    text_of,
)

REASONING_FIELDS = ("reasoning", "reasoning_content")
"""Where servers put what a model thought: vLLM and OpenRouter; SGLang, llama.cpp and DeepSeek."""

Message = dict[str, Any]


def chat_messages(request: Message, *, keep_system: bool) -> list[Message]:
    """Translate system prompt and messages.

    Args:
        request: Body of the Messages API request.
        keep_system: Leave a `role: "system"` entry amid the conversation one; else it is told by the user in
            `<system-reminder>` tags, as the CLI tells most of them, since many chat templates take a system message
            at the head alone.

    Raises:
        UntranslatableError: Content that a chat can't hold, or an answer that was begun for the model.
    """
    chat: list[Message] = []
    if system := text_of(request.get("system"), "system"):
        chat.append({"role": "system", "content": system})
    numbered = enumerate(request["messages"])
    for is_model, run in groupby(numbered, key=lambda each: each[1].get("role") == "assistant"):
        messages = list(run)
        chat += [_assistant(messages)] if is_model else _answers(messages, keep_system=keep_system)
    if chat and chat[-1]["role"] == "assistant":
        raise UntranslatableError("messages: the conversation must end with a user message, not with a begun answer")
    return chat


def assistant_message(content: Any) -> Message:
    """Translate the content of one message of the model.

    Raises:
        UntranslatableError: Content that a chat can't hold.
    """
    return _assistant([(0, {"content": content})])


def _assistant(run: Iterable[tuple[int, Message]]) -> Message:
    """Return what the model said: its own words are joined as they came."""
    message: Message = {"role": "assistant", "content": ""}
    for where, block in _placed(run):
        match block.get("type"):
            case "text":
                message["content"] += field(block, "text", str, where)
            case "tool_use":
                message.setdefault("tool_calls", []).append(_tool_call(block, where))
            case "thinking":
                # The signature names the field that the thought came in; another API's thoughts have no place here.
                if (name := block.get("signature")) in REASONING_FIELDS:
                    message[name] = message.get(name, "") + field(block, "thinking", str, where)
            case "redacted_thinking":
                continue
            case other:
                raise UntranslatableError(f"{where}: the model's server knows no content of type {other!r}")
    return message


def _tool_call(block: Block, where: str) -> Message:
    function = {
        "name": field(block, "name", str, where),
        "arguments": json.dumps(block.get("input", {}), ensure_ascii=False),
    }
    return {"id": field(block, "id", str, where), "type": "function", "function": function}


def _answers(run: Iterable[tuple[int, Message]], *, keep_system: bool) -> list[Message]:
    """Return the results of tools, which must follow their calls at once, and then the rest in its order."""
    results: list[Message] = []
    said: list[tuple[str, Part]] = []
    for index, message in run:
        where = f"messages.{index}"
        match message.get("role"):
            case "user":
                for place, block in _placed([(index, message)]):
                    if block.get("type") == "tool_result":
                        result, rest = _tool_result(block, place)
                        results.append(result)
                        said += [("user", each) for each in rest]
                    else:
                        said.append(("user", part(block, place)))
            case "system" if text := _system_text(message, where):
                said.append(("system", text) if keep_system else ("user", _reminder(text)))
            case "system":
                continue
            case other:
                raise UntranslatableError(f"{where}.role: must be user, assistant or system, not {other!r}")
    return [*results, *_spoken(said)]


def _spoken(said: list[tuple[str, Part]]) -> list[Message]:
    runs = groupby(said, key=lambda each: each[0])
    return [{"role": role, "content": joined([each for _, each in parts])} for role, parts in runs]


def _tool_result(block: Block, where: str) -> tuple[Message, list[Part]]:
    """Return the tool message, and what it can't hold: images and files, which only a user can show."""
    call_id = field(block, "tool_use_id", str, where)
    parts = [part(each, where) for each in blocks(block.get("content"), where)]
    text = "\n\n".join(each for each in parts if isinstance(each, str))
    shown: list[Part] = [each for each in parts if not isinstance(each, str)]
    if block.get("is_error") is True and not text.startswith("<tool_use_error>"):
        text = f"<tool_use_error>{text}</tool_use_error>"
    message = {"role": "tool", "tool_call_id": call_id, "content": text or ("(shown by the user)" if shown else "")}
    return message, [f"What the tool call {call_id} shows:", *shown] if shown else []


def _system_text(message: Message, where: str) -> str:
    """Return what the system says amid a conversation; which tools come and go is said by the list of tools."""
    content = [each for each in blocks(message.get("content"), where) if each.get("type") not in TOOL_CHANGES]
    return text_of(content, where)


def _reminder(text: str) -> str:
    return f"<system-reminder>\n{text}\n</system-reminder>"


def _placed(run: Iterable[tuple[int, Message]]) -> Iterable[tuple[str, Block]]:
    for index, message in run:
        where = f"messages.{index}.content"
        for place, block in enumerate(blocks(message.get("content"), where)):
            yield f"{where}.{place}", block


TOOL_CHANGES = ("tool_addition", "tool_removal")
"""Blocks of a system entry that bring or take away tools from there on."""
