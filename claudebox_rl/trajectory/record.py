"""An episode as values, joined of the rows of three tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from claudebox_rl.types import Episode, ModelCall, Step


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """One episode with all that was recorded of it."""

    episode: Episode
    steps: tuple[Step, ...]
    """By `step_index`."""
    model_calls: tuple[ModelCall, ...]
    """In the order in which they were recorded."""
    call_steps: tuple[int | None, ...]
    """For each model call the step in which it was made; None outside any step."""

    def calls_of(self, step_index: int | None) -> tuple[ModelCall, ...]:
        """Return the model calls that were made in that step; of None, those outside any step."""
        pairs = zip(self.model_calls, self.call_steps, strict=True)
        return tuple(call for call, step in pairs if step == step_index)

    def last_words(self, step: Step) -> str:
        """Return what the agent said last in a step: the next observation has it, or the step's last model call."""
        following = [later for later in self.steps if later.step_index == step.step_index + 1]
        if following:
            return str(following[0].observation.get("response", ""))
        texts = [_text_of(call.response) for call in self.calls_of(step.step_index) if call.agent_path == "main"]
        return next((text for text in reversed(texts) if text), "")


def _text_of(message: dict[str, Any] | None) -> str:
    content: Any = (message or {}).get("content")
    blocks = cast("list[Any]", content) if isinstance(content, list) else []
    found = [cast("dict[str, Any]", block) for block in blocks if isinstance(block, dict)]
    return "\n".join(str(block.get("text")) for block in found if block.get("type") == "text")
