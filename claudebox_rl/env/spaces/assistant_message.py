"""What a model can say to an agent."""

from __future__ import annotations

from typing import Any

import numpy as np

from claudebox_rl.env.spaces.text import UnicodeText
from claudebox_rl.env.spaces.unsized import UnsizedSpace
from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.upstreams.policy import read_answer


class AssistantMessage(UnsizedSpace[Any]):
    """Well-formed assistant messages: a text that is not empty, or an object with `content`.

    See `claudebox_rl.gateway.upstreams.policy` for all that an object may say.

    Args:
        seed: Of `sample`.
    """

    def __init__(self, seed: int | np.random.Generator | None = None) -> None:
        super().__init__(dtype=object, seed=seed)
        self._text = UnicodeText(min_length=1)

    def sample(self, mask: Any = None, probability: Any = None) -> Any:
        """Return a small random message: a text, text as a block, or a call of Bash with `true` or `false`.

        Raises:
            ValueError: A mask or probabilities were given; there is no finite set to choose from.
        """
        self._refuse_choice(mask, probability)
        self._text.seed(int(self.np_random.integers(1 << 31)))
        kind, text = int(self.np_random.integers(3)), self._text.sample()
        if kind == 0:
            return text
        blocks: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if kind == 1:
            command = ("true", "false")[int(self.np_random.integers(2))]
            blocks.append({"type": "tool_use", "name": "Bash", "input": {"command": command}})
        return {"content": blocks}

    def contains(self, x: Any) -> bool:
        """Return whether `x` is a message that can be sent."""
        try:
            read_answer(x)
        except ConfigError:
            return False
        return True

    def __repr__(self) -> str:
        return "AssistantMessage()"

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, AssistantMessage)

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # spaces are mutable: they hold a generator
