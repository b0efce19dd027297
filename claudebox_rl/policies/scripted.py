"""Actions from a list, for tests and demonstrations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from claudebox_rl.errors import ClaudeBoxError, ConfigError
from claudebox_rl.policies.policy import Place
from claudebox_rl.types import SUBMIT


class ScriptedPolicy:
    """Plays actions one after another, and then submits where the seat has that.

    Args:
        place: Where it plays.
        script: Path of a YAML file with the list, or the list itself.

    Raises:
        ConfigError: The script can't be read, is no list, or holds what is no action of this seat.
    """

    def __init__(self, place: Place, *, script: str | Sequence[Any]) -> None:
        actions = _read(Path(script)) if isinstance(script, str) else list(script)
        for index, action in enumerate(actions):
            if action not in place.action_space:
                raise ConfigError(f"policy scripted: entry {index} is no action of seat {place.seat}: {action!r:.200}")
        self._rest: Iterator[Any] = iter(actions)
        self._can_submit = place.can_submit

    def __call__(self, observation: dict[str, Any]) -> Any:
        """Return the next action.

        Raises:
            ClaudeBoxError: There is no further one, and the seat has no `SUBMIT`.
        """
        for action in self._rest:
            return action
        if not self._can_submit:
            raise ClaudeBoxError("policy scripted: the script is at its end, and the episode is not")
        return SUBMIT


def _read(path: Path) -> list[Any]:
    try:
        actions = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"policy scripted: can't read {path}: {error}", field="policy.options.script") from error
    if not isinstance(actions, list):
        raise ConfigError(f"policy scripted: {path} must hold a list of actions", field="policy.options.script")
    return actions  # pyright: ignore[reportUnknownVariableType]
