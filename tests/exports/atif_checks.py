"""The rules of ATIF 1.8 without its package, which needs Python 3.12 and thirty others.

The schema was exported from harbor 0.26.0, and `test_atif_by_harbor.py` says whether it still is that one. The rules
between fields are those of its models, written anew.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = json.loads(Path(__file__).with_name("atif-v1.8.schema.json").read_text())
_VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
_OF_AGENTS = {"model_name", "reasoning_effort", "reasoning_content", "tool_calls", "metrics"}


def check(document: dict[str, Any]) -> None:
    """Fail where a document is none of the format."""
    _VALIDATOR.validate(document)
    json.dumps(document, allow_nan=False)
    _check_one(document, set())


def _check_one(document: dict[str, Any], referred: set[str]) -> None:
    helpers = document.get("subagent_trajectories", [])
    names = [helper["trajectory_id"] for helper in helpers]
    assert len(set(names)) == len(names)
    for number, step in enumerate(document["steps"], 1):
        assert step["step_id"] == number
        assert step["source"] == "agent" or not _OF_AGENTS & step.keys()
        assert step.get("llm_call_count") != 0 or not {"metrics", "reasoning_content"} & step.keys()
        datetime.fromisoformat(step.get("timestamp", "2026-01-01T00:00:00Z"))
        calls = {call["tool_call_id"] for call in step.get("tool_calls", [])}
        for result in step.get("observation", {}).get("results", []):
            assert result.get("source_call_id") in {None, *calls}
            referred |= {ref["trajectory_id"] for ref in result.get("subagent_trajectory_ref", [])}
    assert set(names) <= referred
    for helper in helpers:
        _check_one(helper, set())
