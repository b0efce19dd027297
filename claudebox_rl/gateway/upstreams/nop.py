"""The model that does nothing: one text turn for every request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from claudebox_rl.gateway.messages import assistant_message, message_reply, text_block
from claudebox_rl.gateway.options import read_options
from claudebox_rl.gateway.upstream import Reply, TaskFiles, Upstream


@dataclass(frozen=True, slots=True)
class NopOptions:
    """Settings of `nop`."""

    model: str = "claudebox-nop"
    text: str = "Nothing was done."
    """What it says."""


class NopUpstream(Upstream):
    """Answers with one text and calls no tool. Uses no tokens."""

    def __init__(self, options: NopOptions = NopOptions()) -> None:
        self.model, self._text = options.model, options.text

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        """See `Upstream.make`."""
        return cls(read_options(NopOptions, "nop", options))

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.reply`."""
        return message_reply(request, assistant_message(request, [text_block(self._text)]))
