"""Values as table rows and back. A row is a dict of JSON values, in the journal as in Parquet.

Open-ended JSON (settings, observations, requests, responses, tool inputs) is kept as a JSON string, named numbers as a
list of name and value: HF datasets refuses Arrow maps.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, cast

from claudebox_rl.trajectory.nesting import deeply, loads
from claudebox_rl.trajectory.texts import Plain, Texts
from claudebox_rl.types import (
    Episode,
    ModelCall,
    Outcome,
    RefusedConnection,
    Relation,
    Step,
    ToolCall,
    Usage,
    WorkspaceFile,
)

Row = dict[str, Any]

_TOKENS = tuple(f.name for f in fields(Usage))
_EPISODE = tuple(
    f.name
    for f in fields(Episode)
    if f.name not in ("outcome", "rewards", "usage", "config", "overrides", "workspace_files")
)
_CALL = tuple(f.name for f in fields(ModelCall) if f.name not in ("request", "response", "usage"))
_TOOL_CALL = tuple(f.name for f in fields(ToolCall) if f.name not in ("input", "output"))
_PLAIN = Plain()
_ARRAYS = ("prompt_token_ids", "completion_token_ids", "logprobs")


def episode_row(episode: Episode) -> Row:
    """Return the row of table `episodes`."""
    return valid_row(
        {
            **{name: getattr(episode, name) for name in _EPISODE},
            "outcome": str(episode.outcome),
            "valid_for_training": episode.valid_for_training,
            "rewards": _pairs(episode.rewards),
            **{name: getattr(episode.usage, name) for name in _TOKENS},
            "config": dump(episode.config),
            "overrides": list(episode.overrides),
            "workspace_files": None
            if episode.workspace_files is None
            else [asdict(f) for f in episode.workspace_files],
        }
    )


def step_row(step: Step) -> Row:
    """Return the row of table `steps`."""
    return valid_row(
        {
            "episode_id": step.episode_id,
            "step_index": step.step_index,
            "observation": dump(step.observation),
            "action": step.action,
            "reward": float(step.reward),
            "reward_terms": _pairs(step.reward_terms),
            "terminated": bool(step.terminated),
            "truncated": bool(step.truncated),
            "tool_calls": [
                {**{name: getattr(call, name) for name in _TOOL_CALL}, "input": dump(call.input), "output": call.output}
                for call in step.tool_calls
            ],
            "refused": None if step.refused is None else [asdict(each) for each in step.refused],
            "duration_s": step.duration_s,
        }
    )


def call_row(call: ModelCall, step_index: int | None) -> Row:
    """Return the row of table `model_calls`; `step_index` is None for a call outside any step."""
    return valid_row(
        {
            **{name: getattr(call, name) for name in _CALL},
            "step_index": step_index,
            "request": dump(call.request),
            "response": None if call.response is None else dump(call.response),
            **{name: getattr(call.usage, name) for name in _TOKENS},
        }
    )


def fold_step(row: Row, texts: Texts) -> Row:
    """Return a `steps` row without its long texts, which `texts` takes."""
    calls = [
        {**call, "input": texts.fold(call["input"]), "output": texts.fold_text(call["output"])}
        for call in row["tool_calls"]
    ]
    return {**row, "observation": texts.fold(row["observation"]), "tool_calls": calls}


def fold_call(row: Row, texts: Texts) -> Row:
    """Return a `model_calls` row without its long texts, which `texts` takes."""
    response = row["response"] if row["response"] is None else texts.fold(row["response"])
    return {**row, "request": texts.fold(row["request"]), "response": response}


def episode_of(row: Mapping[str, Any]) -> Episode:
    """Return the value of an `episodes` row; a column that an older part lacks gets the field's default."""
    given = _given(row, _EPISODE)
    return Episode(
        **{**given, "episode_return": row["episode_return"]},
        outcome=Outcome(row["outcome"]),
        rewards=_named(row["rewards"]),
        usage=Usage(**_given(row, _TOKENS)),
        config=loads(row["config"]),
        overrides=tuple(row["overrides"]),
        workspace_files=_files(row.get("workspace_files")),
    )


def step_of(row: Mapping[str, Any], parser: Plain = _PLAIN) -> Step:
    """Return the value of a `steps` row; `parser` knows the texts that were taken out of it."""
    return Step(
        episode_id=row["episode_id"],
        step_index=row["step_index"],
        observation=parser.parse(row["observation"]),
        action=row["action"],
        reward=row["reward"],
        reward_terms=_named(row["reward_terms"]),
        terminated=row["terminated"],
        truncated=row["truncated"],
        tool_calls=tuple(
            ToolCall(**_given(call, _TOOL_CALL), input=parser.parse(call["input"]), output=parser.text(call["output"]))
            for call in row["tool_calls"]
        ),
        refused=_refused(row.get("refused")),
        duration_s=row["duration_s"],
    )


def call_of(row: Mapping[str, Any], parser: Plain = _PLAIN) -> ModelCall:
    """Return the value of a `model_calls` row; `parser` knows the texts that were taken out of it."""
    given = _given(row, _CALL)
    given |= {name: tuple(given[name]) for name in _ARRAYS if name in given}
    given |= {"relation": Relation(given["relation"])} if "relation" in given else {}
    return ModelCall(
        **given,
        request=parser.parse(row["request"]),
        response=None if row["response"] is None else parser.parse(row["response"]),
        usage=Usage(**_given(row, _TOKENS)),
    )


def dump(value: Any) -> str:
    """Return strict JSON: NaN and infinities, which JSON lacks, become the strings `NaN`, `Infinity`, `-Infinity`.

    Raises:
        TypeError: The value is not JSON (NumPy scalars and arrays are taken as numbers and lists).
    """
    try:
        return _dump(value)
    except RecursionError:
        return deeply(lambda: _dump(value))


def _dump(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=plain)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, default=plain)


def plain(value: Any) -> Any:
    """Return the number or list that a NumPy scalar or array stands for; for `json.dumps(default=...)`.

    Raises:
        TypeError: It is something else.
    """
    if not hasattr(value, "tolist"):
        raise TypeError(f"{type(value).__name__} is not JSON")
    return value.tolist()


def _finite(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return _finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("list[Any]", value)]
    return value


def valid_row(value: Any) -> Any:
    """Return the row with text that UTF-8 can hold: surrogate pairs are joined, a lone surrogate becomes U+FFFD."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {valid_row(key): valid_row(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [valid_row(item) for item in cast("list[Any]", value)]
    return value


def _refused(rows: Sequence[Row] | None) -> tuple[RefusedConnection, ...] | None:
    return None if rows is None else tuple(RefusedConnection(**row) for row in rows)


def _files(rows: Sequence[Row] | None) -> tuple[WorkspaceFile, ...] | None:
    return None if rows is None else tuple(WorkspaceFile(**row) for row in rows)


def _pairs(terms: Mapping[str, float]) -> list[Row]:
    return [{"name": name, "value": float(value)} for name, value in terms.items()]


def _named(pairs: list[Row]) -> dict[str, float]:
    return {pair["name"]: pair["value"] for pair in pairs}


def _given(row: Mapping[str, Any], names: tuple[str, ...]) -> Row:
    return {name: row[name] for name in names if row.get(name) is not None}
