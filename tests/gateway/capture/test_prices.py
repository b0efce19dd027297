from __future__ import annotations

import datetime

import pytest
import yaml

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.capture import prices
from claudebox_rl.gateway.capture.prices import Prices, Rates
from claudebox_rl.types import Usage

LISTED = Prices()
USAGE = {
    "input_tokens": 1000,
    "cache_creation_input_tokens": 300,
    "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
    "cache_read_input_tokens": 4000,
    "output_tokens": 50,
    "service_tier": "standard",
    "server_tool_use": {"web_search_requests": 2},
}


def test_the_list_has_a_date_and_says_nothing_twice():
    entries = yaml.safe_load(prices._LIST.read_text())
    assert isinstance(entries["as_of"], datetime.date)
    models = [model for entry in entries["rates"] for model in entry["models"]]
    assert len(models) == len(set(models)) > 10
    for entry in entries["rates"]:
        rates = entry["rates"]
        assert rates["cache_read"] < rates["input"] < rates["cache_write"] < rates["cache_write_1h"] < rates["output"]


def test_each_kind_of_token_has_its_rate():
    opus = (1000 * 5 + 100 * 6.25 + 200 * 10 + 4000 * 0.5 + 50 * 25) / 1e6 + 2 * 0.01
    assert LISTED.cost_usd("claude-opus-4-5", {"model": "claude-opus-4-5-20251101", "usage": USAGE}) == pytest.approx(
        opus
    )


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5[1m]"])
def test_ids_are_known_with_and_without_their_date(model):
    assert LISTED.cost_usd(model, {"usage": {"input_tokens": 10**6}}) == 3


@pytest.mark.parametrize(
    "model", ["", "m", "gpt-5", "claude-sonnet-4-50", "claude-opus-5-5-6", "anthropic/claude-opus-5"]
)
def test_the_price_of_an_unknown_model_is_none(model):
    assert LISTED.cost_usd(model, {"usage": USAGE}) is None
    assert LISTED.most_usd(model, Usage(1, 1)) is None


def test_the_answer_names_the_model_that_an_alias_stood_for():
    assert LISTED.cost_usd("haiku", {"model": "claude-haiku-4-5-20251001", "usage": {"input_tokens": 10**6}}) == 1


def test_long_prompts_have_rates_of_their_own():
    at, above = (
        {"usage": {"input_tokens": 1000, "cache_read_input_tokens": n, "output_tokens": 10}} for n in (99_000, 99_001)
    )
    assert LISTED.cost_usd("claude-haiku-5-5", at) == pytest.approx((1000 * 0.1 + 99_000 * 0.01 + 10 * 0.5) / 1e6)
    assert LISTED.cost_usd("claude-haiku-5-5", above) == pytest.approx((1000 * 0.5 + 99_001 * 0.05 + 10 * 2.5) / 1e6)


@pytest.mark.parametrize("other", [{"speed": "fast"}, {"service_tier": "priority"}, {"inference_geo": "us"}])
def test_what_is_not_priced_at_the_standard_rates_is_none(other):
    assert LISTED.cost_usd("claude-opus-5", {"usage": {**USAGE, **other}}) is None


def test_an_error_costs_nothing_and_what_nobody_heard_is_unknown():
    error = {"type": "error", "error": {"type": "overloaded_error"}}
    assert LISTED.cost_usd("claude-opus-5", error) == 0
    assert LISTED.cost_usd("m", error) is None
    assert LISTED.cost_usd("claude-opus-5", None) is None


def test_a_reservation_is_never_less_than_the_call():
    most = LISTED.most_usd("claude-opus-4-5", Usage(5300, 50))
    assert most == pytest.approx((5300 * 10 + 50 * 25) / 1e6)


def test_own_rates_hold_for_any_model():
    own = Prices(Rates.of({"input": 0.5, "output": 2}))
    assert own.cost_usd("anything", {"usage": USAGE}) == pytest.approx((5300 * 0.5 + 50 * 2) / 1e6)
    free = Prices(Rates.of({"input": 0, "output": 0}))
    assert free.cost_usd("anything", {"usage": USAGE}) == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"input": 1}, "output is missing"),
        ({"input": 1, "output": 1, "cached": 1}, "unknown rate 'cached'; known: input, output"),
        ({"input": -1, "output": 1}, "must be dollars per million tokens, not -1"),
        ({"input": "1", "output": 1}, "must be dollars"),
        ({"input": True, "output": 1}, "must be dollars"),
        ({"input": float("nan"), "output": 1}, "must be dollars"),
    ],
)
def test_rates_that_are_none_are_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        Rates.of(given)
