from __future__ import annotations

import re
from pathlib import Path

from claudebox_rl.trajectory.schema import SCHEMAS

NAMED = "list<item: struct<name: string, value: double>>"
TOOL_CALLS = (
    "list<item: struct<tool_use_id: string, name: string, input: large_string, output: large_string, is_error: bool, "
    "started_at: double, duration_s: double, parent_tool_use_id: string, policy_violation: string>>"
)
WORKSPACE_FILES = (
    "list<item: struct<path: string, mode: int64, size: int64, sha256: string, kind: string, target: string>>"
)
GOLDEN = {
    "episodes": {
        "episode_id": "string",
        "run_id": "string",
        "group_id": "string",
        "parent_episode_id": "string",
        "fork_step": "int64",
        "attempt": "int64",
        "task_id": "string",
        "seed": "int64",
        "outcome": "string",
        "valid_for_training": "bool",
        "episode_return": "double",
        "rewards": NAMED,
        "num_steps": "int64",
        "num_turns": "int64",
        "queued_s": "double",
        "boot_s": "double",
        "setup_s": "double",
        "agent_s": "double",
        "verify_s": "double",
        "input_tokens": "int64",
        "output_tokens": "int64",
        "cached_tokens": "int64",
        "cost_usd": "double",
        "agent": "string",
        "agent_version": "string",
        "model": "string",
        "sandbox": "string",
        "isolation": "string",
        "verification": "string",
        "config": "large_string",
        "overrides": "list<item: string>",
        "exhausted": "string",
        "error_type": "string",
        "error_message": "large_string",
        "workspace_diff": "large_string",
        "workspace_files": WORKSPACE_FILES,
        "workspace_left_out": "int64",
        "num_scrubbed": "int64",
        "num_calls_without_tokens": "int64",
        "started_at": "double",
        "ended_at": "double",
    },
    "steps": {
        "episode_id": "string",
        "step_index": "int64",
        "observation": "large_string",
        "action": "large_string",
        "reward": "double",
        "reward_terms": NAMED,
        "terminated": "bool",
        "truncated": "bool",
        "tool_calls": TOOL_CALLS,
        "refused": "list<item: struct<host: string, port: int64, reason: string, at: double>>",
        "duration_s": "double",
    },
    "model_calls": {
        "call_id": "string",
        "episode_id": "string",
        "step_index": "int64",
        "parent_call_id": "string",
        "relation": "string",
        "copy_of": "string",
        "agent_path": "string",
        "model": "string",
        "status": "int64",
        "request": "large_string",
        "response": "large_string",
        "input_tokens": "int64",
        "output_tokens": "int64",
        "cached_tokens": "int64",
        "cost_usd": "double",
        "started_at": "double",
        "queue_s": "double",
        "first_token_s": "double",
        "latency_s": "double",
        "weight_version": "string",
        "prompt_token_ids": "list<item: int32>",
        "completion_token_ids": "list<item: int32>",
        "logprobs": "list<item: double>",
    },
    "texts": {
        "episode_id": "string",
        "text_id": "string",
        "text": "large_string",
    },
}


def test_fields_types_and_their_order() -> None:
    found = {name: [(f.name, str(f.type)) for f in schema] for name, schema in SCHEMAS.items()}
    assert found == {name: list(columns.items()) for name, columns in GOLDEN.items()}
    assert all(schema.metadata == {b"claudebox_rl.schema_version": b"3"} for schema in SCHEMAS.values())


def test_the_manual_tells_of_each_column_in_order() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "dataset.md").read_text()
    for name, columns in GOLDEN.items():
        section = manual.split(f"## `{name}`")[1].split("\n## ")[0]
        told = re.findall(r"^\| `([\w.]+)` \| ([^|]+) \|", section, re.MULTILINE)
        assert [column for column, _ in told if "." not in column] == list(columns)
        plain = {column: kind for column, kind in told if columns.get(column) == kind}
        assert {column for column, kind in columns.items() if "<" not in kind} == set(plain)
