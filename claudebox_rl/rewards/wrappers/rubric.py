"""A model's judgement of a whole episode by a written rubric."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym

from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards import rubric as functions
from claudebox_rl.rewards._rubric.votes import Judgement
from claudebox_rl.rewards.wrappers.judged import JudgedReward
from claudebox_rl.types import CodeResult


class RubricReward(JudgedReward):
    """How far the episode's work meets a rubric; range, formula and the judge as `claudebox_rl.rewards.RubricReward`.

    `info["rubric"]` of the last step is the `Judgement`: its votes with their reasons, `agreement` and `cost_usd`,
    which is no part of the episode's own cost. The instruction is the observation's; the model's seat shows none, so
    there the rubric has to say what was asked. Files are read before and after each prompt.

    Args:
        env: The environment to wrap.
        rubric: What good work is, in words.
        rubric_file: Or a file with that text, read here; workers get the text.
        **settings: `model`, `votes`, `budget` and `max_tokens` of the judge.

    Raises:
        ConfigError: There is no rubric, or two; or as `claudebox_rl.rewards.RubricReward`.
    """

    name = "rubric"
    needs_changes = True

    def __init__(
        self, env: gym.Env[Any, Any], *, rubric: str | None = None, rubric_file: str | None = None, **settings: Any
    ) -> None:
        text = _text(rubric, rubric_file)
        self._rubric = functions.RubricReward(text, **settings)
        super().__init__(env, self._rubric, rubric=text, **settings)
        self._instruction = ""
        self._judgement: Judgement | None = None

    def begin(self, observation: dict[str, Any], info: dict[str, Any]) -> None:
        """Forget the last episode, and read what is asked in this one."""
        super().begin(observation, info)
        self._instruction = str(observation.get("instruction", ""))
        self._judgement = None

    def value(self, result: CodeResult) -> float | None:
        """Return the median vote on the episode."""
        self._judgement = self._rubric.report(result, instruction=self._instruction)
        return None if self._judgement is None else self._judgement.score

    def notes(self) -> Mapping[str, Any]:
        """Return the judgement, once there is one."""
        return {} if self._judgement is None else {self.name: self._judgement}


def _text(rubric: str | None, rubric_file: str | None) -> str:
    if (rubric is None) == (rubric_file is None):
        raise ConfigError("rubric: give the text as rubric, or its file as rubric_file")
    if rubric is not None:
        return rubric
    try:
        return Path(str(rubric_file)).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"rubric: can't read rubric_file={rubric_file}: {error}") from error
