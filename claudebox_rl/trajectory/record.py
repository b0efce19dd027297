"""An episode as values, joined of the rows of three tables."""

from __future__ import annotations

from dataclasses import dataclass

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
