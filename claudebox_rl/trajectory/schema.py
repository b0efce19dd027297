"""The four tables' columns. Their meaning, units and nulls are in docs/dataset.md."""

from __future__ import annotations

from claudebox_rl.trajectory._arrow import pa
from claudebox_rl.trajectory.journal import SCHEMA_VERSION

VERSION_KEY = b"claudebox_rl.schema_version"
VERSION_METADATA = {VERSION_KEY: str(SCHEMA_VERSION).encode()}
NAMED_NUMBERS = pa.list_(pa.struct([("name", pa.string()), ("value", pa.float64())]))
_TOOL_CALLS = pa.list_(
    pa.struct(
        [
            ("tool_use_id", pa.string()),
            ("name", pa.string()),
            ("input", pa.large_string()),
            ("output", pa.large_string()),
            ("is_error", pa.bool_()),
            ("started_at", pa.float64()),
            ("duration_s", pa.float64()),
            ("parent_tool_use_id", pa.string()),
            ("policy_violation", pa.string()),
        ]
    )
)
_REFUSED = pa.list_(
    pa.struct([("host", pa.string()), ("port", pa.int64()), ("reason", pa.string()), ("at", pa.float64())])
)
_WORKSPACE_FILES = pa.list_(
    pa.struct(
        [
            ("path", pa.string()),
            ("mode", pa.int64()),
            ("size", pa.int64()),
            ("sha256", pa.string()),
            ("kind", pa.string()),
            ("target", pa.string()),
        ]
    )
)

EPISODES = pa.schema(
    [
        ("episode_id", pa.string()),
        ("run_id", pa.string()),
        ("group_id", pa.string()),
        ("parent_episode_id", pa.string()),
        ("fork_step", pa.int64()),
        ("attempt", pa.int64()),
        ("task_id", pa.string()),
        ("seed", pa.int64()),
        ("outcome", pa.string()),
        ("valid_for_training", pa.bool_()),
        ("episode_return", pa.float64()),
        ("rewards", NAMED_NUMBERS),
        ("num_steps", pa.int64()),
        ("num_turns", pa.int64()),
        ("queued_s", pa.float64()),
        ("boot_s", pa.float64()),
        ("setup_s", pa.float64()),
        ("agent_s", pa.float64()),
        ("verify_s", pa.float64()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("cached_tokens", pa.int64()),
        ("cost_usd", pa.float64()),
        ("agent", pa.string()),
        ("agent_version", pa.string()),
        ("model", pa.string()),
        ("sandbox", pa.string()),
        ("isolation", pa.string()),
        ("verification", pa.string()),
        ("config", pa.large_string()),
        ("overrides", pa.list_(pa.string())),
        ("exhausted", pa.string()),
        ("error_type", pa.string()),
        ("error_message", pa.large_string()),
        ("workspace_diff", pa.large_string()),
        ("workspace_files", _WORKSPACE_FILES),
        ("workspace_left_out", pa.int64()),
        ("num_scrubbed", pa.int64()),
        ("num_calls_without_tokens", pa.int64()),
        ("started_at", pa.float64()),
        ("ended_at", pa.float64()),
    ],
    metadata=VERSION_METADATA,
)

STEPS = pa.schema(
    [
        ("episode_id", pa.string()),
        ("step_index", pa.int64()),
        ("observation", pa.large_string()),
        ("action", pa.large_string()),
        ("reward", pa.float64()),
        ("reward_terms", NAMED_NUMBERS),
        ("terminated", pa.bool_()),
        ("truncated", pa.bool_()),
        ("tool_calls", _TOOL_CALLS),
        ("refused", _REFUSED),
        ("duration_s", pa.float64()),
    ],
    metadata=VERSION_METADATA,
)

MODEL_CALLS = pa.schema(
    [
        ("call_id", pa.string()),
        ("episode_id", pa.string()),
        ("step_index", pa.int64()),
        ("parent_call_id", pa.string()),
        ("relation", pa.string()),
        ("copy_of", pa.string()),
        ("agent_path", pa.string()),
        ("model", pa.string()),
        ("status", pa.int64()),
        ("request", pa.large_string()),
        ("response", pa.large_string()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("cached_tokens", pa.int64()),
        ("cost_usd", pa.float64()),
        ("started_at", pa.float64()),
        ("queue_s", pa.float64()),
        ("first_token_s", pa.float64()),
        ("latency_s", pa.float64()),
        ("weight_version", pa.string()),
        ("prompt_token_ids", pa.list_(pa.int32())),
        ("completion_token_ids", pa.list_(pa.int32())),
        ("logprobs", pa.list_(pa.float64())),
    ],
    metadata=VERSION_METADATA,
)

TEXTS = pa.schema(
    [
        ("episode_id", pa.string()),
        ("text_id", pa.string()),
        ("text", pa.large_string()),
    ],
    metadata=VERSION_METADATA,
)

SCHEMAS = {"episodes": EPISODES, "steps": STEPS, "model_calls": MODEL_CALLS, "texts": TEXTS}
"""By table. A part's `episodes` is put in place last: what has an episode is whole."""

DICTIONARY_COLUMNS = (
    "agent",
    "agent_path",
    "agent_version",
    "config",
    "episode_id",
    "isolation",
    "model",
    "outcome",
    "relation",
    "run_id",
    "sandbox",
    "task_id",
    "verification",
)
"""Few distinct values, many rows; the settings of a run are the same in each episode."""
