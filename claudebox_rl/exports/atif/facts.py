"""What the format has no field for: rows of the store, without what stands elsewhere in the document."""

from __future__ import annotations

import json
import math
from typing import Any

from claudebox_rl.exports.atif.parts import Json, items, results_in
from claudebox_rl.trajectory.rows import call_of, call_row, dump, step_of, step_row
from claudebox_rl.types import ModelCall, Step

_METRICS = {
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "cached_tokens": "cached_tokens",
    "cost_usd": "cost_usd",
    "prompt_token_ids": "prompt_token_ids",
    "completion_token_ids": "completion_token_ids",
    "logprobs": "logprobs",
}
"""Columns of a model call, and the format's names of them."""


def strict(value: Any) -> Any:
    """Return a value as strict JSON: what is not finite becomes the strings `NaN`, `Infinity`, `-Infinity`."""
    return json.loads(dump(value))


def metrics_of(call: ModelCall) -> Json:
    """Return what the format has fields for of what a call used and sampled."""
    row = call_row(call, None)
    return {name: row[column] for column, name in _METRICS.items() if _can_be_held(row[column])}


def _can_be_held(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(math.isfinite, value))  # pyright: ignore[reportUnknownArgumentType]
    return value is not None and math.isfinite(value)


def call_facts(call: ModelCall, index: int, step_index: int | None, *, measured: bool) -> Json:
    """Return what is not in the step of a call.

    Args:
        call: The call.
        index: Its place in the record.
        step_index: The step in which it was made.
        measured: The step has the call's metrics.
    """
    row = call_row(call, step_index)
    apart = {"request", "response", *(c for c in _METRICS if measured and _can_be_held(row[c]))}
    return strict({"index": index} | {n: value for n, value in row.items() if n not in apart and value is not None})


def model_call(facts: Json, metrics: Json, request: Json, response: Any) -> ModelCall:
    """Return the call of these facts; the facts go before the metrics."""
    row = {column: metrics[name] for column, name in _METRICS.items() if metrics.get(name) is not None} | facts
    row |= {"logprobs": [float(value) for value in row["logprobs"]]} if row.get("logprobs") is not None else {}
    row |= {"cost_usd": float(row["cost_usd"])} if row.get("cost_usd") is not None else {}
    return call_of(row | {"request": dump(request), "response": None if response is None else dump(response)})


def step_facts(step: Step, known: dict[str, Json]) -> Json:
    """Return a step of the environment.

    Args:
        step: The step.
        known: What the document says of tool calls, by id: `name`, `input`, `output`.
    """
    row = step_row(step)
    calls = [call | {"input": json.loads(call["input"])} for call in row["tool_calls"]]
    for call in calls:
        said = known.get(call["tool_use_id"], {})
        for name in ("name", "input", "output"):
            if name in said and said[name] == call[name]:
                del call[name]
    return strict(row | {"observation": json.loads(row["observation"]), "tool_calls": calls})


def env_step(facts: Json, known: dict[str, Json]) -> Step:
    """Return the step of these facts."""
    calls = [known.get(call["tool_use_id"], {}) | call for call in facts["tool_calls"]]
    terms = [{"name": term["name"], "value": float(term["value"])} for term in facts["reward_terms"]]
    return step_of(
        facts
        | {"observation": dump(facts["observation"]), "reward": float(facts["reward"]), "reward_terms": terms}
        | {"tool_calls": [call | {"input": dump(call["input"])} for call in calls]}
    )


def known_calls(steps: list[Json]) -> dict[str, Json]:
    """Return what steps say of tool calls, by id: `name`, `input`, and `output` where it is one text."""
    known: dict[str, Json] = {}
    for step in steps:
        for call in items(step, "tool_calls"):
            known[call["tool_call_id"]] = {"name": call["function_name"], "input": call["arguments"]}
        for result in results_in(step):
            if result.get("source_call_id") in known and isinstance(result.get("content"), str):
                known[result["source_call_id"]]["output"] = result["content"]
    return known
