"""What a judge answered, and what several answers come to."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from claudebox_rl.rewards._rubric.request import BEST, TOOL


@dataclass(frozen=True, slots=True)
class Vote:
    """One answer of the judge."""

    score: float
    """0 to 1."""
    reason: str
    """Untrusted: the judge may repeat what the evidence says."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the votes come to."""

    votes: tuple[Vote, ...]
    cost_usd: float | None = None
    """Of all votes; None where the price is not known."""

    @property
    def score(self) -> float:
        """The median of the votes, 0 to 1: one that was led astray does not move it far."""
        return statistics.median(vote.score for vote in self.votes)

    @property
    def agreement(self) -> float:
        """1 less the mean distance of two votes: 1 where all say the same, 0 where two say the opposite."""
        pairs = [abs(one.score - other.score) for one, other in itertools.combinations(self.votes, 2)]
        return 1.0 - statistics.fmean(pairs) if pairs else 1.0


def read_vote(message: Mapping[str, Any]) -> Vote | None:
    """Return the vote in an assistant message; None where it is not exactly what was asked for."""
    content = message.get("content")
    blocks = cast("Sequence[Any]", content) if isinstance(content, list) else ()
    objects = [cast("dict[str, Any]", block) for block in blocks if isinstance(block, dict)]
    calls = [block for block in objects if block.get("type") == "tool_use"]
    if len(calls) != 1 or calls[0].get("name") != TOOL:
        return None
    given: Any = calls[0].get("input")
    if not isinstance(given, dict):
        return None
    fields = cast("dict[str, Any]", given)
    score, reason = fields.get("score"), fields.get("reason")
    if fields.keys() != {"score", "reason"} or not isinstance(reason, str):
        return None
    if isinstance(score, bool) or not isinstance(score, int) or not 0 <= score <= BEST:
        return None
    return Vote(score / BEST, reason)
