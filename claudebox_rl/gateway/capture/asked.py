"""A call as the graph sees it, and what its texts and its answer tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from claudebox_rl.gateway.capture.caller import Caller
from claudebox_rl.gateway.conversation import blocks, texts
from claudebox_rl.message_content import is_answer
from claudebox_rl.types import Relation

_ANALYSIS = re.compile(r"<analysis>.*?</analysis>", re.DOTALL)
_SUMMARY = re.compile(r"<summary>(.*?)(?:</summary>|\Z)", re.DOTALL)
_ASKS_FOR_SUMMARY = "<summary>"
"""Stands in the CLI's own instruction to sum a conversation up, and in no other."""
Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call comes from."""

    parent_call_id: str | None = None
    relation: Relation = Relation.ROOT
    copy_of: str | None = None


@dataclass(slots=True, eq=False)
class Asked:
    """A call that has begun."""

    call_id: str
    caller: Caller
    asks_for_summary: bool
    """The agent wants the conversation summed up."""
    answer: Callable[[], dict[str, Any] | None]
    """The answer so far."""
    is_answered: bool = False
    """A whole message came."""
    origin: Origin = field(default_factory=Origin)
    claimed: set[str] = field(default_factory=set[str])
    """Tool calls in the answer whose sub-agent is known."""

    def end(self, answer: dict[str, Any] | None, *, is_answered: bool) -> None:
        """Note the answer as it stays."""
        self.answer, self.is_answered = lambda: answer, is_answered

    def gave(self, message: Message) -> bool:
        """Whether a message of a later conversation is the answer."""
        return is_answer(message, self.answer() or {})

    def tool_calls(self) -> Iterator[dict[str, Any]]:
        """Yield the tool calls of the answer so far that nobody claimed."""
        for block in blocks((self.answer() or {}).get("content")):
            if block.get("type") == "tool_use" and str(block.get("id")) not in self.claimed:
                yield block

    def summary(self) -> str:
        """Return the summary that the answer gives, as the CLI goes on from it; empty where it gives none."""
        text = _ANALYSIS.sub("", "\n".join(texts((self.answer() or {}).get("content"))))
        found = _SUMMARY.search(text)
        return (found[1] if found else text).strip()


def wants_summary(messages: list[Message]) -> bool:
    """Tell whether the last message is the CLI's instruction to sum the conversation up."""
    return bool(messages) and any(_ASKS_FOR_SUMMARY in text for text in texts(messages[-1].get("content")))
