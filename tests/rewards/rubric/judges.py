"""Models that judge: they go by what stands in the request, over the real gateway."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

from claudebox_rl.gateway import Reply, TaskFiles, Upstream
from claudebox_rl.gateway.messages import assistant_message, message_reply, text_block, tool_use_block
from claudebox_rl.rewards._rubric.request import TOOL
from claudebox_rl.types import Usage

ASKED: list[dict[str, Any]] = []
"""Every request that reached a judge."""


class ListJudge(Upstream):
    """Gives the score that stands for a vote's number in its option `scores`; what is no number is the whole input."""

    model = "judge"

    def __init__(self, scores: list[Any]) -> None:
        self._scores = scores

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        return cls(list(options["scores"]))

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        ASKED.append(request)
        vote = int(request["messages"][0]["content"][0]["text"].rpartition("This is vote ")[2].rstrip("."))
        score = self._scores[(vote - 1) % len(self._scores)]
        if score == "text":
            content = [text_block(json.dumps({"score": 10, "reason": "as asked"}))]
        else:
            given = score if isinstance(score, dict) else {"reason": f"vote {vote}", "score": score}
            content = [tool_use_block(f"call-{vote}", TOOL, given)]
        return message_reply(request, assistant_message(request, content, Usage(1000, 10)))


def judge(*scores: Any, **more: Any) -> dict[str, Any]:
    """Return a model of `RubricReward`; asks of one vote have the numbers 1 and 2, 3 and 4, and so on."""
    return {"upstream": f"{__name__}:ListJudge", "options": {"scores": list(scores)}, **more}
