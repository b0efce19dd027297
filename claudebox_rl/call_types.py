"""Model calls as the gateway saw them, how they go on from each other, and what they come to together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

Counted = TypeVar("Counted")


class Relation(StrEnum):
    """How a model call goes on from its parent."""

    ROOT = "root"
    """It has none: a conversation begins."""
    CONTINUES = "continues"
    """Its messages begin with those of the parent's request."""
    SUB_AGENT = "sub_agent"
    """It is the first of a sub-agent, whom a tool call in the parent's answer started."""
    COMPACTION = "compaction"
    """The parent was asked to sum up the conversation, and this one goes on from the summary."""
    CLEAR = "clear"
    """The agent forgot its conversation (`/clear`), whose last call is the parent."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more model calls."""

    input_tokens: int = 0
    """Prompt tokens, those read from or written to a cache included."""
    output_tokens: int = 0
    cached_tokens: int = 0
    """The part of `input_tokens` that was read from a cache."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
        )


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to a model and its answer, as the gateway saw them."""

    call_id: str
    episode_id: str
    request: dict[str, Any]
    """Body of the Messages API request."""
    response: dict[str, Any] | None
    """The assistant message or the API's error object; None where nothing readable came."""
    status: int
    """HTTP status that the agent got; 0 where no answer was sent."""
    model: str = ""
    parent_call_id: str | None = None
    """The call that this one goes on from; `relation` says how."""
    relation: Relation | None = None
    """None where it was not recorded: a parent is then one that this call continues."""
    copy_of: str | None = None
    """The first call of the same agent that asked the same: this one is a retry, or its fallback without streaming."""
    agent_path: str = "main"
    """`main`, or the id of the sub-agent."""
    usage: Usage = Usage()
    cost_usd: float | None = None
    """None where the price is unknown."""
    started_at: float = 0.0
    """Seconds since the epoch, host clock, when the request had arrived."""
    queue_s: float | None = None
    """Until the request was sent on to the model's server; None where it never was."""
    first_token_s: float | None = None
    """From the request's arrival to the first byte of the answer's content; None where none came."""
    latency_s: float = 0.0
    """Until the last byte."""
    weight_version: str | None = None
    """As the model's server names its weights; None where it does not."""
    prompt_token_ids: tuple[int, ...] | None = None
    completion_token_ids: tuple[int, ...] | None = None
    logprobs: tuple[float, ...] | None = None

    @property
    def is_answered(self) -> bool:
        """Whether a whole assistant message came: no error, and not cut off."""
        message = self.response or {}
        return self.status == 200 and message.get("type") == "message" and message.get("stop_reason") is not None


class Distinct(Generic[Counted]):
    """What was asked, each once.

    Of a request and its copies: the last that was answered, else the first with a part of a message, else the first.

    Args:
        value: What is kept of a call.
    """

    def __init__(self, value: Callable[[ModelCall], Counted]) -> None:
        self._value = value
        self._kept: dict[str, tuple[int, Counted]] = {}

    def add(self, calls: Iterable[ModelCall]) -> None:
        """Take further calls, in the order in which they ended."""
        for call in calls:
            asked = call.copy_of or call.call_id
            if call.is_answered or asked not in self._kept or _worth(call) > self._kept[asked][0]:
                self._kept[asked] = _worth(call), self._value(call)

    def __iter__(self) -> Iterator[Counted]:
        return (value for _, value in self._kept.values())


def _worth(call: ModelCall) -> int:
    """Rank a whole answer above a part of one, from which agents go on as well, and that above an error."""
    has_part = call.status == 200 and (call.response or {}).get("type") == "message"
    return 2 if call.is_answered else int(has_part)


def distinct(calls: Iterable[ModelCall]) -> tuple[ModelCall, ...]:
    """Return the calls without copies; see `Distinct`."""
    kept = Distinct(lambda call: call)
    kept.add(calls)
    return tuple(kept)


def total_usage(calls: Iterable[ModelCall]) -> Usage:
    """Add the tokens of calls up, those of copies once."""
    return sum((call.usage for call in distinct(calls)), Usage())


def total_cost_usd(calls: Iterable[ModelCall]) -> float | None:
    """Add the dollars of calls up, those of copies once; None where nothing was answered, or at an unknown price."""
    answered = [call.cost_usd for call in distinct(calls) if call.is_answered]
    known = [cost for cost in answered if cost is not None]
    return sum(known) if answered and len(known) == len(answered) else None
