"""What tokens cost: a dated list of the API's prices, or a user's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Self, cast

import yaml

from claudebox_rl.errors import ConfigError
from claudebox_rl.types import Usage

_LIST = Path(__file__).with_name("prices.yaml")
_DATE = re.compile(r"-\d{8}\Z")
_LONG_CONTEXT = "[1m]"
_STANDARD = {"speed": ("standard",), "service_tier": ("standard",), "inference_geo": ("", "global", "not_available")}
"""What an answer's usage says where the standard rates hold; anything else is priced otherwise."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars per million tokens."""

    input: float
    """Neither read from a cache nor written to one."""
    output: float
    cache_write: float
    """Kept for five minutes."""
    cache_write_1h: float
    cache_read: float
    web_search: float = 0.0
    """Dollars for one search of the server's own tool."""
    above_prompt_tokens: int | None = None
    above: Rates | None = None
    """Instead, for calls whose whole prompt is longer than `above_prompt_tokens`."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Make the rates of a user's own model.

        Args:
            given: `input` and `output`; and `cache_write`, `cache_write_1h`, `cache_read`, which are else as `input`;
                `web_search`.

        Raises:
            ConfigError: A rate is unknown, missing, negative or no number.
        """
        known = [field.name for field in fields(cls) if not field.name.startswith("above")]
        for name, value in given.items():
            if name not in known:
                raise ConfigError(f"model.prices: unknown rate {name!r}; known: {', '.join(known)}", field=name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
                raise ConfigError(f"model.prices.{name} must be dollars per million tokens, not {value!r}", field=name)
        for name in ("input", "output"):
            if name not in given:
                raise ConfigError(f"model.prices: {name} is missing", field=name)
        rest = dict.fromkeys(("cache_write", "cache_write_1h", "cache_read"), given["input"])
        rates: dict[str, Any] = {**rest, **given}
        return cls(**rates)

    def cost_usd(self, usage: Mapping[str, Any]) -> float | None:
        """Return the dollars of a call.

        Args:
            usage: As the Messages API reports it: https://docs.claude.com/en/api/messages

        Returns:
            None where the usage says that it is not priced at the standard rates.
        """
        if any(usage.get(name) not in (None, *standard) for name, standard in _STANDARD.items()):
            return None
        plain, written, read = (_count(usage, f"{name}input_tokens") for name in ("", "cache_creation_", "cache_read_"))
        long_lived = min(written, _count(_mapping(usage, "cache_creation"), "ephemeral_1h_input_tokens"))
        rates = self._of_prompt(plain + written + read)
        return (
            plain * rates.input
            + (written - long_lived) * rates.cache_write
            + long_lived * rates.cache_write_1h
            + read * rates.cache_read
            + _count(usage, "output_tokens") * rates.output
        ) / 1e6 + _count(_mapping(usage, "server_tool_use"), "web_search_requests") * rates.web_search

    def most_usd(self, usage: Usage) -> float:
        """Return the most that a call of so many tokens can cost, however its prompt is cached."""
        rates = self._of_prompt(usage.input_tokens)
        dearest = max(rates.input, rates.cache_write, rates.cache_write_1h, rates.cache_read)
        return (usage.input_tokens * dearest + usage.output_tokens * rates.output) / 1e6

    def _of_prompt(self, prompt_tokens: int) -> Rates:
        if self.above is not None and prompt_tokens > (self.above_prompt_tokens or 0):
            return self.above
        return self


@dataclass(frozen=True, slots=True)
class Prices:
    """Rates by model.

    Args:
        own: Of every call, instead of the shipped list.
    """

    own: Rates | None = None

    def of(self, model: str) -> Rates | None:
        """Return a model's rates; None where they are unknown."""
        return self.own or _listed().get(_DATE.sub("", model.removesuffix(_LONG_CONTEXT)))

    def cost_usd(self, model: str, response: Mapping[str, Any] | None) -> float | None:
        """Return the dollars of a call by its answer; None where they are unknown.

        Args:
            model: As it was asked for; the answer's own name goes first.
            response: The assistant message, or the API's error, which costs nothing.
        """
        if response is None:
            return None
        rates = self.of(str(response.get("model") or model))
        return None if rates is None else rates.cost_usd(_mapping(response, "usage"))

    def most_usd(self, model: str, usage: Usage) -> float | None:
        """Return the most that a call of so many tokens can cost; None where it is unknown."""
        rates = self.of(model)
        return None if rates is None else rates.most_usd(usage)


@cache
def _listed() -> Mapping[str, Rates]:
    entries: list[dict[str, Any]] = yaml.safe_load(_LIST.read_text("utf-8"))["rates"]
    return {model: _rates(entry) for entry in entries for model in entry["models"]}


def _rates(entry: dict[str, Any]) -> Rates:
    rates = Rates(**entry["rates"])
    if "above" not in entry:
        return rates
    above = {name: value for name, value in entry["above"].items() if name != "prompt_tokens"}
    return replace(rates, above=replace(rates, **above), above_prompt_tokens=entry["above"]["prompt_tokens"])


def _mapping(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Any = value.get(name)
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


def _count(value: Mapping[str, Any], name: str) -> int:
    found = value.get(name)
    return found if isinstance(found, int) and found > 0 else 0
