"""An agent that does nothing, to prove that a task does not reward nothing."""

from __future__ import annotations

from claudebox_rl.agent.base import Agent, PromptOptions
from claudebox_rl.types import CodeResult


class NopAgent(Agent):
    """Answers every prompt at once and touches nothing."""

    name = "nop"
    needs_model = False

    async def start(self) -> None:
        """Do nothing."""
        self.version = "1"

    async def prompt(self, text: str, options: PromptOptions) -> CodeResult:
        """Return a success without work."""
        return CodeResult(success=True, response="Nothing was done.", num_turns=1)

    async def stop(self) -> None:
        """Do nothing."""
