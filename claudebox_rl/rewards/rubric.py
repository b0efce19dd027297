"""A model's judgement by a written rubric."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from claudebox_rl.config import BudgetConfig, ModelConfig, parse
from claudebox_rl.env.loop import shared_loop
from claudebox_rl.errors import ConfigError
from claudebox_rl.rewards._rubric.asking import TRIES, ask_votes
from claudebox_rl.rewards._rubric.request import judge_request
from claudebox_rl.rewards._rubric.votes import Judgement
from claudebox_rl.rewards.function import RewardFunction
from claudebox_rl.session.model import make_model
from claudebox_rl.types import CodeResult


class RubricReward(RewardFunction):
    """How far a prompt's work meets a written rubric, as a model judges it.

    Range: 0 to 1. Formula: the median of `votes` scores from 0 to 10, divided by 10. Source: a model, through the
    gateway, which is shown what was asked, the agent's answer, the changed files as diffs and the tool calls, each cut
    to a length. It is as good, and the same evidence gets the same number as far, as the model does: `report` has the
    votes, and their agreement.

    What is judged was written by the agent, so it is data: one line of JSON between two tags, in which no tag and no
    line break can stand. The judge can do nothing but call one tool, whose input has to be a whole number in range; an
    answer that is anything else is asked for again, and then there is no number. A model may still be talked round:
    weigh this reward low beside a verifier.

    None where nothing was done. A judge that fails is a `RewardError`, never a number.

    Args:
        rubric: What good work is, in words.
        model: The judge, by its upstream's name or the fields of `ModelConfig`.
        votes: How often it is asked, at least 1.
        budget: What the votes of one judgement may use: the fields of `BudgetConfig`. `model_calls` is else twice the
            votes.
        max_tokens: Most tokens of one answer.

    Raises:
        ConfigError: The rubric is empty, the model or the budget can't be, or `votes` is less than 1.
    """

    name = "rubric"
    needs_changes = True

    def __init__(
        self,
        rubric: str,
        *,
        model: str | Mapping[str, Any] = "anthropic",
        votes: int = 3,
        budget: Mapping[str, Any] | None = None,
        max_tokens: int = 2048,
    ) -> None:
        if not rubric.strip() or votes < 1 or max_tokens < 1:
            raise ConfigError("rubric: give a rubric, and at least one vote of one token")
        self.rubric, self.votes, self.max_tokens = rubric, votes, max_tokens
        self.model = parse(ModelConfig, model, key="upstream", where="rubric.model")
        limits = {"model_calls": TRIES * votes, **(budget or {})}
        self.budget = parse(BudgetConfig, limits, key="cost_usd", where="rubric.budget")
        make_model(self.model, None, root="")

    def measure(self, result: CodeResult) -> float | None:
        """Return the median vote."""
        judgement = self.report(result)
        return None if judgement is None else judgement.score

    def report(self, result: CodeResult, *, instruction: str = "") -> Judgement | None:
        """Return the votes; None where nothing was done.

        Args:
            result: What is judged.
            instruction: What the agent was asked.

        Raises:
            RewardError: A vote could not be had.
        """
        changed = result.changes is not None and (result.changes.files or result.changes.skipped)
        if not (changed or result.action_log or result.response):
            return None
        ask = partial(_request, self.rubric, instruction, result, self.max_tokens)
        return shared_loop().run(ask_votes(self.model, self.budget, ask, self.votes))


def _request(rubric: str, instruction: str, result: CodeResult, max_tokens: int, vote: int) -> dict[str, Any]:
    return judge_request(rubric, instruction, result, vote=vote, max_tokens=max_tokens)
