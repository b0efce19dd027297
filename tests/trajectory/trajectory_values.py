"""Episodes with a value in every field, for tests and the processes that they start."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from claudebox_rl.trajectory import EpisodeJournal, EpisodeRecord
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

UNICODE = "naïve 日本語 👩‍🚀 \u202eRTL\u2028 \x00\x1b[0m \"quoted\" 'single' \\ \n\t"


def record_of(episode_id: str, *, num_steps: int = 3, text: str = UNICODE) -> EpisodeRecord:
    """Two model calls a step, and one outside of any."""
    steps = tuple(step_of(episode_id, index, text) for index in range(num_steps))
    placed = [(call_of(episode_id, f"{index}.{n}", text), index) for index in range(num_steps) for n in range(2)]
    placed.append((ModelCall(f"{episode_id}-last", episode_id, {}, None, 0), None))
    calls, call_steps = zip(*placed, strict=True)
    return EpisodeRecord(episode_of(episode_id, num_steps, text), steps, calls, call_steps)


def sound_record(episode_id: str, *, num_steps: int = 3, text: str = UNICODE * 12) -> EpisodeRecord:
    """A record whose references lead somewhere, with nothing in its workspace."""
    record = record_of(episode_id, num_steps=num_steps, text=text)
    calls = tuple(replace(call, parent_call_id=None, copy_of=None) for call in record.model_calls)
    return replace(
        record, model_calls=calls, episode=replace(record.episode, parent_episode_id=None, workspace_files=())
    )


def blob_of(content: bytes, path: str = "made") -> WorkspaceFile:
    """A file of a workspace whose content is a blob."""
    return WorkspaceFile(path, 0o644, len(content), hashlib.sha256(content).hexdigest(), "blob")


def step_of(episode_id: str, index: int, text: str = UNICODE) -> Step:
    tool_calls = (
        ToolCall(
            f"t{index}", "Bash", {"command": text, "n": [1, 2.5, None, True]}, text, True, 1763974000.1234567, 0.1
        ),
        ToolCall("u", "Task", {}, parent_tool_use_id=f"t{index}", policy_violation=text),
    )
    return Step(
        episode_id=episode_id,
        step_index=index,
        observation={"instruction": text, "facts": [0.0, 1.5], "": {text: None}},
        action=text,
        reward=0.1 + index,
        reward_terms={"verifier": 0.1, text: float(index)},
        terminated=index == 2,
        truncated=index == 1,
        tool_calls=tool_calls if index else (),
        refused=(RefusedConnection("h.example", 443, text, 1763974000.5),) if index else None,
        duration_s=0.1 + 0.2,
    )


def call_of(episode_id: str, name: str, text: str = UNICODE) -> ModelCall:
    return ModelCall(
        call_id=f"{episode_id}-{name}",
        episode_id=episode_id,
        request={"messages": [{"role": "user", "content": text}], "system": "long " * 200, "$text": None},
        response={"content": [{"type": "text", "text": text}]},
        status=200,
        model="m",
        parent_call_id="p",
        relation=Relation.SUB_AGENT,
        copy_of="o",
        agent_path="sub",
        usage=Usage(2**40, 2, 1),
        cost_usd=0.1,
        started_at=1763974000.7654321,
        queue_s=1e-10,
        first_token_s=2e-10,
        latency_s=1e-9,
        weight_version="step-12",
        prompt_token_ids=(1, 2, 151_000),
        completion_token_ids=(),
        logprobs=(-0.1, -1e-300),
    )


def episode_of(episode_id: str, num_steps: int = 3, text: str = UNICODE) -> Episode:
    return Episode(
        episode_id=episode_id,
        run_id="run",
        task_id=text,
        outcome=Outcome.COMPLETED,
        episode_return=1 / 3,
        group_id="g",
        parent_episode_id="p",
        fork_step=2,
        attempt=3,
        seed=2**62,
        rewards={"verifier": 0.1, "": -1e300},
        num_steps=num_steps,
        num_turns=7,
        queued_s=0.05,
        boot_s=0.1,
        setup_s=0.2,
        agent_s=0.3,
        verify_s=0.4,
        usage=Usage(10, 20, 5),
        cost_usd=0.07,
        agent="claude",
        agent_version="2",
        model="m",
        sandbox="local",
        isolation="namespace",
        verification="in_place",
        config={"a": {"b": [text, None, 1]}},
        overrides=("seed=1", text),
        exhausted="model_calls",
        error_type="E",
        error_message=text,
        workspace_diff="",
        workspace_files=(
            WorkspaceFile("a", 0o644, 2**40, "00", "blob"),
            WorkspaceFile('"\\377"', 0o777, 1, "11", "symlink", text),
        ),
        workspace_left_out=1,
        num_scrubbed=2,
        num_calls_without_tokens=1,
        started_at=1763974000.1234567,
        ended_at=1763974009.7654321,
    )


def journal(dataset: str | Path, record: EpisodeRecord) -> None:
    """Play the record into a finished journal."""
    with EpisodeJournal(dataset, record.episode.episode_id) as file:
        file.add_start({"run_id": "run", "task_id": record.episode.task_id})
        for step in record.steps:
            file.add_step(step, record.calls_of(step.step_index))
        file.add_calls(record.calls_of(None))
        file.finish(record.episode)
