"""Episodes as what a trainer learns from: sequences, with a mask over what the model itself said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

from claudebox_rl.errors import TrajectoryError
from claudebox_rl.trajectory.dataset import EpisodeRecord
from claudebox_rl.trajectory.paths import Path, growing_paths
from claudebox_rl.types import ModelCall, Relation

_NAMED_AT_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a training row comes from."""

    episode_id: str
    episode_return: float | None
    """None where the episode's outcome gives none: such rows are not for training."""
    agent_path: str
    """`main`, or the id of the sub-agent."""
    call_ids: tuple[str, ...]
    """The model calls on the path, oldest first."""
    trained_call_ids: tuple[str, ...]
    """Those whose answers the mask is over. Each answer of an episode is in one row's."""
    parent_call_id: str | None
    """Where the first call came from."""
    relation: Relation | None
    """How."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow(Source):
    """One path of an episode's call graph, as messages."""

    system: Any
    """As in a request of the Messages API, and so are the others; None where there was none."""
    tools: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    """With the last answer."""
    loss_mask: tuple[bool, ...]
    """For each message whether it is to be learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow(Source):
    """One path of an episode's call graph, or a part of one, as the tokens that the model read and wrote."""

    token_ids: tuple[int, ...]
    loss_mask: tuple[bool, ...]
    """For each token whether it is to be learned: the model wrote it here."""
    logprobs: tuple[float | None, ...] | None
    """Of each token that the model wrote, as it did; None for what it only read. None where any is not known."""


@overload
def training_rows(record: EpisodeRecord, level: Literal["messages"] = "messages") -> tuple[MessageRow, ...]: ...
@overload
def training_rows(record: EpisodeRecord, level: Literal["tokens"]) -> tuple[TokenRow, ...]: ...
def training_rows(
    record: EpisodeRecord, level: Literal["messages", "tokens"] = "messages"
) -> tuple[MessageRow, ...] | tuple[TokenRow, ...]:
    """Turn an episode into training rows: one for each way through its call graph on which the context only grew.

    Each answer of the model is masked in exactly one row, behind exactly the context that it was sampled with; where
    ways part, later rows have what they share unmasked. What failed, was cut off or was asked again is never masked.

    Token rows are made of captured ids alone. Where the prompt of a call does not begin with the tokens of the call
    before it (its chat template or the agent wrote them differently), a new row begins there, as in prime-rl's
    "extension property" (https://docs.primeintellect.ai/prime-rl/trajectories).

    Args:
        record: The episode, as it was stored.
        level: `messages`, or `tokens`.

    Raises:
        TrajectoryError: Tokens are asked for and some answer's ids were not captured, or it has not as many
            log-probabilities as tokens; the message names the calls, and so does `calls` of the context.
    """
    paths = growing_paths(record.model_calls)
    if level == "messages":
        return _message_rows(record, paths)
    _check_tokens(record, paths)
    return _token_rows(record, paths)


def _message_rows(record: EpisodeRecord, paths: Sequence[Path]) -> tuple[MessageRow, ...]:
    trained: set[str] = set()
    rows: list[MessageRow] = []
    for path in paths:
        fresh = [call for call in path if call.is_answered and call.call_id not in trained]
        trained |= {call.call_id for call in fresh}
        last = path[-1]
        messages = [*last.request["messages"], {"role": "assistant", "content": (last.response or {})["content"]}]
        learned = {len(call.request["messages"]) for call in fresh}
        rows.append(
            MessageRow(
                **_source(record, path, fresh),
                system=last.request.get("system"),
                tools=last.request.get("tools") or [],
                messages=messages,
                loss_mask=tuple(index in learned for index in range(len(messages))),
            )
        )
    return tuple(rows)


def _source(record: EpisodeRecord, path: Sequence[ModelCall], fresh: Sequence[ModelCall]) -> dict[str, Any]:
    return {
        "episode_id": record.episode.episode_id,
        "episode_return": record.episode.episode_return,
        "agent_path": path[0].agent_path,
        "call_ids": tuple(call.call_id for call in path),
        "trained_call_ids": tuple(call.call_id for call in fresh),
        "parent_call_id": path[0].parent_call_id,
        "relation": path[0].relation,
    }


class _Stretch:
    """Calls of which each one's prompt begins with the tokens of those before it."""

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []
        self.fresh: list[ModelCall] = []
        self.token_ids: list[int] = []
        self.loss_mask: list[bool] = []
        self.logprobs: list[float | None] = []

    def fits(self, call: ModelCall) -> bool:
        """Whether the call goes on from the tokens so far."""
        return list((call.prompt_token_ids or ())[: len(self.token_ids)]) == self.token_ids

    def add(self, call: ModelCall, *, is_fresh: bool) -> None:
        """Go on with what the call read further, and what it wrote."""
        read = (call.prompt_token_ids or ())[len(self.token_ids) :]
        wrote = call.completion_token_ids or ()
        self.calls.append(call)
        self.fresh += [call] if is_fresh else []
        self.token_ids += [*read, *wrote]
        self.loss_mask += [*[False] * len(read), *[is_fresh] * len(wrote)]
        self.logprobs += [*[None] * len(read), *(call.logprobs or [None] * len(wrote))]

    def row(self, record: EpisodeRecord) -> TokenRow:
        """Make the row."""
        is_known = all(call.logprobs is not None for call in self.fresh)
        return TokenRow(
            **_source(record, self.calls, self.fresh),
            token_ids=tuple(self.token_ids),
            loss_mask=tuple(self.loss_mask),
            logprobs=tuple(self.logprobs) if is_known else None,
        )


def _token_rows(record: EpisodeRecord, paths: Sequence[Path]) -> tuple[TokenRow, ...]:
    trained: set[str] = set()
    rows: list[TokenRow] = []
    for path in paths:
        stretches = [_Stretch()]
        for call in path:
            if not call.is_answered:
                continue  # what came of it was read by the next call
            if not stretches[-1].fits(call):
                stretches.append(_Stretch())
            stretches[-1].add(call, is_fresh=call.call_id not in trained)
            trained.add(call.call_id)
        rows += [stretch.row(record) for stretch in stretches if stretch.fresh]
    return tuple(rows)


def _check_tokens(record: EpisodeRecord, paths: Sequence[Path]) -> None:
    answered = {call.call_id: call for path in paths for call in path if call.is_answered}.values()
    missing = [call for call in answered if call.prompt_token_ids is None or call.completion_token_ids is None]
    if missing:
        _refuse(record, "the token ids were not captured", missing)
    uneven = [c for c in answered if c.logprobs is not None and len(c.logprobs) != len(c.completion_token_ids or ())]
    if uneven:
        _refuse(record, "there are not as many log-probabilities as tokens", uneven)


def _refuse(record: EpisodeRecord, what: str, calls: Sequence[ModelCall]) -> None:
    names = [call.call_id for call in calls]
    listed = ", ".join(names[:_NAMED_AT_MOST]) + (", ..." if len(names) > _NAMED_AT_MOST else "")
    raise TrajectoryError(
        f"episode {record.episode.episode_id!r} has no rows of tokens: {what} of {len(names)} calls: {listed}",
        episode_id=record.episode.episode_id,
        calls=names,
    )
