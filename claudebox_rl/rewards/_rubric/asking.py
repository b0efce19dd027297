"""A judge's model, asked through the gateway: its tries, its prices and a budget hold here as for agents."""

from __future__ import annotations

import asyncio
import http.client
import json
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from claudebox_rl import gateway
from claudebox_rl.call_types import total_cost_usd
from claudebox_rl.config import BudgetConfig, ModelConfig
from claudebox_rl.errors import RewardError
from claudebox_rl.rewards._rubric.votes import Judgement, Vote, read_vote
from claudebox_rl.session.model import lane_settings, make_model, model_prices

if TYPE_CHECKING:
    from claudebox_rl.gateway import GatewayEpisode

TRIES = 2
"""Asks of one vote whose answer is none."""
_TIMEOUT_S = 900.0


async def ask_votes(
    config: ModelConfig, budget: BudgetConfig, request: Callable[[int], dict[str, Any]], num_votes: int
) -> Judgement:
    """Have a model vote, all votes at once.

    Args:
        config: The model.
        budget: What all votes together may use.
        request: From the number of an ask, from 1, to what is asked.
        num_votes: How many.

    Raises:
        RewardError: A vote could not be had: the model's endpoint failed, the budget is used up, or an answer was none.
        ConfigError: The model can't be had as configured.
    """
    async with gateway.shared_gateway() as server:
        judge = server.open_episode(
            f"judge-{uuid.uuid4().hex[:16]}",
            make_model(config, None, root=""),
            budget=budget,
            lane=lane_settings(config),
            prices=model_prices(config),
        )
        try:
            asks = [_vote(server.port, judge, request, 1 + number * TRIES) for number in range(num_votes)]
            votes = await asyncio.gather(*asks)
        finally:
            judge.close()
    return Judgement(tuple(votes), total_cost_usd(judge.calls))


async def _vote(port: int, judge: GatewayEpisode, request: Callable[[int], dict[str, Any]], first: int) -> Vote:
    message: dict[str, Any] = {}
    for ask in range(first, first + TRIES):
        body = {**request(ask), "model": judge.upstream.model}
        message = await asyncio.to_thread(_post, port, judge, body)
        if (vote := read_vote(message)) is not None:
            return vote
    raise RewardError(f"rubric: the judge gave no score in {TRIES} answers; the last one: {json.dumps(message)[:300]}")


def _post(port: int, judge: GatewayEpisode, body: dict[str, Any]) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        headers = {"content-type": "application/json", "x-api-key": judge.secret, "anthropic-version": "2023-06-01"}
        connection.request("POST", f"{judge.path}/v1/messages", json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise RewardError(f"rubric: the judge's model gave no answer: {error}") from error
    finally:
        connection.close()
    message: Any = _json(content)
    if answer.status != 200 or not isinstance(message, dict):
        raise RewardError(
            f"rubric: the judge's model answered {answer.status}: {content[:300].decode(errors='replace')}"
        )
    return cast("dict[str, Any]", message)


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return None
